import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
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
export function adviceOf({ status, code, message, isTemporary, wasLate }: ApiError): string {
  if (status === 404) return 'There is no such token. Somebody may have deleted it, or its id is mistyped.'
  if (wasLate) return `${sentence(message)} Nothing was changed. Look at the token as it is now, and try again.`
  if (code === 'ERR_EDITED') {
    return `${sentence(message)} Nothing was saved. Below is what both of you have entered: look at it, and save again.`
  }
  if (code === 'ERR_NETWORK') return 'The server cannot be reached. Check the connection, and try again.'
  if (isTemporary) return `${sentence(message)} What you entered is kept.`
  return sentence(message)
}

export function sentence(text: string): string {
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
