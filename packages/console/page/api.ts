import { signal } from '@preact/signals'
import { MOUNT } from './config'
import type { Violation } from './types'

/** The token that signs this page in. It is kept here and nowhere else, and dies with the tab. */
export const credential = signal<string | undefined>(undefined)

/** The last refusal for want of a sign-in. */
export const refused = signal<ApiError | undefined>(undefined)

/** How far the server's clock is ahead of this machine's, in ms. */
let clockOffset = 0

/** The time at the server. */
export function now(): number {
  return Date.now() + clockOffset
}

/** An answer that is no success, or none at all. `message` is for the person. */
export class ApiError extends Error {
  /** 0: no answer. */
  readonly status: number
  readonly code: string
  readonly violations: readonly Violation[]

  constructor(status: number, code: string, message: string, violations: readonly Violation[] = []) {
    super(message)
    this.status = status
    this.code = code
    this.violations = violations
  }

  /** Whether the same request may succeed later. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }

  /** Whether somebody else was first, so that the token is another by now. */
  get wasLate(): boolean {
    return this.code === 'ERR_RACE' || this.code === 'ERR_STATE'
  }
}

const TIMEOUT_MS = 60_000

/** Calls a route. `path`: below the mount, with its query. Resolves to the JSON of the answer; throws an `ApiError`. */
export async function call<T>(method: string, path: string, body?: object, signal?: AbortSignal): Promise<T> {
  const token = credential.peek()
  const signals = [AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])]
  // At the root, the mount is empty.
  const url = MOUNT === '' && !path.startsWith('/') ? `/${path}` : `${MOUNT}${path}`
  const response = await fetch(url, {
    method,
    headers: {
      Accept: 'application/json',
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    cache: 'no-store',
    signal: AbortSignal.any(signals),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error
    throw new ApiError(0, 'ERR_NETWORK', 'The server cannot be reached.')
  })
  noteTime(response)
  const error = response.ok ? undefined : await errorOf(response)
  // A late answer to a request of an earlier sign-in says nothing about this one.
  if (error?.status === 401 && credential.peek() === token) refused.value = error
  if (error !== undefined) throw error
  if (response.status === 204) return undefined as T
  return (await jsonOf(response)) as T
}

function noteTime(response: Response): void {
  const time = Date.parse(response.headers.get('Date') ?? '')
  if (Number.isFinite(time) && Math.abs(time - now()) > 2_000) clockOffset = time - Date.now()
}

/** A host that answers with a page of its own wants a sign-in, as a rule. */
async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch {
    throw new ApiError(502, 'ERR_ANSWER', 'The server answered something else than expected. Reload this page.')
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  const { status } = response
  const problem = (await response.json().catch(() => ({}))) as {
    readonly code?: string
    readonly detail?: string
    readonly violations?: readonly Violation[]
  }
  const { code = 'ERR_ANSWER', detail = `The server answered ${status}.`, violations = [] } = problem
  return new ApiError(status, code, detail, violations)
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return new ApiError(-1, 'ERR_PAGE', error instanceof Error ? error.message : String(error))
}
