import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { type ApiError, asApiError } from './api'

/** Work that a button starts, one at a time. */
export interface Task {
  readonly isBusy: boolean
  readonly error: ApiError | undefined
  start(): Promise<void>
}

export function useTask(run: () => Promise<void>): Task {
  const isBusy = useSignal(false)
  const error = useSignal<ApiError | undefined>(undefined)
  return {
    isBusy: isBusy.value,
    error: error.value,
    async start() {
      if (isBusy.peek()) return
      isBusy.value = true
      error.value = undefined
      try {
        await run()
      } catch (reason) {
        error.value = asApiError(reason)
      } finally {
        isBusy.value = false
      }
    },
  }
}

const PATIENCE_MS = 500

/** Shows that work goes on, once it has taken half a second. */
export function Progress({ when, label = 'Working' }: { readonly when: boolean; readonly label?: string }) {
  const isShown = useSignal(false)
  useEffect(() => {
    if (!when) return
    const timer = setTimeout(() => {
      isShown.value = true
    }, PATIENCE_MS)
    return () => {
      clearTimeout(timer)
      isShown.value = false
    }
  }, [when])
  return when && isShown.value ? <progress class="busy" aria-label={label} /> : null
}

/** What a person can do about an error. */
function adviceOf({ status, code, message, isTemporary }: ApiError): string {
  if (status === 404) return 'This token does not exist any more. Somebody else may have deleted it.'
  if (status === 409) return `${sentence(message)} Nothing was changed. Look at it as it is now, and try again.`
  if (code === 'ERR_NETWORK') return 'The server cannot be reached. Check the connection, and try again.'
  if (isTemporary) return `${sentence(message)} What you entered is kept.`
  return sentence(message)
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

/** An error, announced as it appears. `retry`: offered where the same may succeed later. */
export function ErrorNotice({
  error,
  more,
  retry,
}: {
  readonly error: ApiError | undefined
  readonly more?: ComponentChildren
  readonly retry?: (() => void) | undefined
}) {
  return (
    <div role="alert" class={error === undefined ? 'quiet' : 'notice notice-error'}>
      {error !== undefined && (
        <>
          <div>
            <p>{adviceOf(error)}</p>
            {more}
          </div>
          {retry !== undefined && error.isTemporary && (
            <button type="button" class="button" onClick={retry}>
              Try again
            </button>
          )}
        </>
      )}
    </div>
  )
}

/** What makes a control invalid, and describes it. */
export interface ControlAttributes {
  readonly id: string
  readonly 'aria-invalid'?: 'true'
  readonly 'aria-describedby'?: string
}

/** A label, a control, a hint, and what is wrong with it. */
export function Field({
  label,
  hint,
  errors = [],
  children,
}: {
  readonly label: string
  readonly hint?: ComponentChildren
  readonly errors?: readonly string[]
  readonly children: (attributes: ControlAttributes) => ComponentChildren
}) {
  const id = useId()
  const { attributes, notes } = useNotes(id, hint, errors)
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, ...attributes })}
      {notes}
    </div>
  )
}

/** The hint and the errors below a control, and the attributes that lead to them. */
export function useNotes(id: string, hint: ComponentChildren, errors: readonly string[]) {
  const isInvalid = errors.length > 0
  const described = [...(hint ? [`${id}-hint`] : []), ...(isInvalid ? [`${id}-error`] : [])].join(' ')
  return {
    attributes: {
      ...(isInvalid && { 'aria-invalid': 'true' as const }),
      ...(described !== '' && { 'aria-describedby': described }),
    },
    notes: (
      <>
        {hint && (
          <p class="hint" id={`${id}-hint`}>
            {hint}
          </p>
        )}
        {isInvalid && (
          <p class="error" id={`${id}-error`}>
            {errors.join(' ')}
          </p>
        )}
      </>
    ),
  }
}

/** A form that never leaves the page. After an error it moves to the first field that is wrong. */
export function Form({
  error,
  onSubmit,
  children,
  label,
}: {
  readonly error: ApiError | undefined
  readonly onSubmit: () => void
  readonly children: ComponentChildren
  readonly label?: string
}) {
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (error === undefined) return
    const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')
    const control = wrong?.matches('fieldset') ? wrong.querySelector<HTMLElement>('input') : wrong
    control?.focus()
  }, [error])
  return (
    <form
      ref={form}
      noValidate
      autocomplete="off"
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      {children}
    </form>
  )
}

/** The violations of a member: of `networks`, also those of `networks[1]`, with the entry that they are about. */
export function errorsOf(
  error: ApiError | undefined,
  member: string,
  entries: readonly string[] = [],
): readonly string[] {
  return (error?.violations ?? []).flatMap(({ path, message }) => {
    const [, name, index] = /^([A-Za-z]+)(?:\[(\d+)\])?/.exec(path) ?? []
    if (name !== member) return []
    const entry = index === undefined ? undefined : entries[Number(index)]
    return [entry === undefined ? sentence(message) : `${entry}: ${sentence(message)}`]
  })
}

/** Those that no field shows. */
export function OtherViolations({
  error,
  members,
}: {
  readonly error: ApiError | undefined
  readonly members: readonly string[]
}) {
  const others = (error?.violations ?? []).filter(({ path }) => !members.some((member) => path.startsWith(member)))
  if (others.length === 0) return null
  return (
    <ul>
      {others.map(({ path, message }) => (
        <li key={path + message}>
          {path}: {sentence(message)}
        </li>
      ))}
    </ul>
  )
}
