import { type Signal, useSignal } from '@preact/signals'
import { type ComponentChildren, createContext } from 'preact'
import { useContext, useEffect, useId, useRef } from 'preact/hooks'
import type { ApiError } from './api'
import { sentence } from './ui'

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
  const { attributes, notes, onInput } = useNotes(id, hint, errors)
  return (
    <div class="field" onInput={onInput}>
      <label for={id}>{label}</label>
      {children({ id, ...attributes })}
      {notes}
    </div>
  )
}

interface TextAttributes extends ControlAttributes {
  readonly value: Signal<string>
  readonly placeholder?: string
  readonly autofocus?: boolean
  readonly onKeyDown?: (event: KeyboardEvent) => void
}

/** A line of text that a signal keeps. */
export function TextInput({ value, ...attributes }: TextAttributes) {
  return (
    <input
      type="text"
      spellcheck={false}
      {...attributes}
      value={value.value}
      onInput={(event) => {
        value.value = event.currentTarget.value
      }}
    />
  )
}

/** What the form around a field was answered last. */
const FormError = createContext<ApiError | undefined>(undefined)

/** The hint and the errors below a control, and the attributes that lead to them. The errors go with the next input. */
export function useNotes(id: string, hint: ComponentChildren, errors: readonly string[]) {
  const error = useContext(FormError)
  /** The error since which the control was changed. */
  const mended = useSignal<ApiError | undefined>(undefined)
  const isInvalid = errors.length > 0 && (error === undefined || mended.value !== error)
  const described = [...(hint ? [`${id}-hint`] : []), ...(isInvalid ? [`${id}-error`] : [])].join(' ')
  return {
    onInput: () => {
      mended.value = error
    },
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
  class: className,
}: {
  readonly error: ApiError | undefined
  readonly onSubmit: () => void
  readonly children: ComponentChildren
  readonly label?: string
  readonly class?: string
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
      class={className}
      noValidate
      autocomplete="off"
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      <FormError.Provider value={error}>{children}</FormError.Provider>
    </form>
  )
}

/**
 * The violations of a member: of `networks`, also those of `networks[1]`, with the entry that they are about. `isMeant`: only
 * those of some entries; -1 is the member itself.
 */
export function errorsOf(
  error: ApiError | undefined,
  member: string,
  entries: readonly string[] = [],
  isMeant: (index: number) => boolean = () => true,
): readonly string[] {
  return (error?.violations ?? []).flatMap(({ path, message }) => {
    const [, name, index = ''] = /^([A-Za-z]+)(?:\[(\d+)\])?/.exec(path) ?? []
    if (name !== member || !isMeant(index === '' ? -1 : Number(index))) return []
    const entry = index === '' ? undefined : entries[Number(index)]
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
