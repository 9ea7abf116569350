import type { DenialReason, RotateInput, UpdateInput } from '@latchkey/core'

export type Framework = 'express' | 'koa'

/** What a node is started with. */
export interface NodeSettings {
  /** `memory`, `sqlite:FILE`, `redis:PORT` or `postgres:URL`. */
  readonly store: string
  /** What serves its management routes at `/tokens`, and `/guarded`. */
  readonly framework: Framework
  /** What is added to the monotonic clock to make the time of day. */
  readonly epoch: number
  readonly offset: number
  /** Memory cost of the hasher in KiB: nodes that differ in it replace each other's hashes. */
  readonly memory: number
}

/** The oldest that a node's knowledge of a token may be, in ms: the stated bound of every revocation. */
export const TTL = 3_000

export type Call =
  | { readonly do: 'verify'; readonly token: string; readonly scopes: readonly string[] }
  | {
      readonly do: 'create'
      readonly scopes: readonly string[]
      readonly expiresAt?: number
      readonly owner?: string
    }
  | { readonly do: 'update'; readonly id: string; readonly input: UpdateInput }
  | { readonly do: 'rotate'; readonly id: string; readonly input: RotateInput }
  | { readonly do: 'finish' | 'cancel' | 'delete'; readonly id: string }
  | { readonly do: 'revoke'; readonly token: string }
  /** From now on the node's clock is off by so many ms. */
  | { readonly do: 'step'; readonly offset: number }
  /** Stores so many tokens that nobody holds, so that lists are long. */
  | { readonly do: 'fill'; readonly count: number }
  /** Tells what is left, with `collect` after a garbage collection. */
  | { readonly do: 'holdings'; readonly collect: boolean }

/** `in`, or why not. */
export type Outcome = 'in' | DenialReason

/** In MiB. */
export interface Memory {
  readonly resident: number
  /** By objects and buffers. */
  readonly inUse: number
}

/** What a node holds at a moment. */
export interface Holdings {
  readonly memory: Memory
  readonly connections: number
  /** Slow hashes that run or wait. */
  readonly proofs: number
  /** Last uses and replaced hashes that wait to be written. */
  readonly uses: number
  /** What reached the error handlers of its framework; clients that left are none. */
  readonly errors: readonly string[]
}

export type Answer =
  | { readonly outcome: Outcome }
  | { readonly id: string; readonly token: string }
  | { readonly done: boolean }
  | { readonly holdings: Holdings }
  /** `sure`: nothing was written. Otherwise nobody knows. */
  | { readonly error: string; readonly sure: boolean }

/** Milliseconds of a clock that all processes of this machine share and that nobody can set. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** From when to when something took place, by `monotonic`. */
export interface Span {
  readonly from: number
  readonly to: number
}

export function overlaps(a: Span, b: Span): boolean {
  return a.from <= b.to && b.from <= a.to
}
