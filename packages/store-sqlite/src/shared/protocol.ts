import type { ListQuery, TokenPatch, TokenRecord, TokenUse } from '@latchkey/core/store'
import type { ExitLockState } from './exit-lock.js'
import type { WorkerSettings } from './settings.js'

export interface WorkerData {
  settings: WorkerSettings
  exitLockState: ExitLockState
}

/** What the host asks of the worker. `env` is the number of the environment in the file. */
export type Call =
  /** `sealingKey`: in hex, of an environment that is not there yet. `create`: whether it is made. */
  | { op: 'open'; environment: string; sealingKey: string | undefined; create: boolean }
  | { op: 'ping' }
  | { op: 'find'; env: number; id: string }
  | { op: 'insert'; env: number; record: TokenRecord }
  | { op: 'update'; env: number; id: string; patch: TokenPatch; expectedVersion: number }
  | { op: 'remove'; env: number; id: string; expectedVersion: number | undefined }
  | { op: 'touch'; env: number; uses: readonly TokenUse[] }
  | { op: 'purge'; env: number; expiredBefore: number; limit: number }
  | { op: 'list'; env: number; query: ListQuery }
  /** Nobody waits any more for the list with this number. It has no answer. */
  | { op: 'abandon' }
  | { op: 'close' }

export type Op = Call['op']
export type CallOf<O extends Op> = Extract<Call, { op: O }>
export type Write = CallOf<'insert' | 'update' | 'remove' | 'touch' | 'purge'>

export interface Results {
  open: { identity: string; env: number; dataset: string; sealingKey: string }
  ping: undefined
  find: TokenRecord | undefined
  insert: undefined
  update: TokenRecord | undefined
  remove: boolean
  touch: undefined
  /** The ids of those that were removed: none if there are no more. */
  purge: string[]
  /** The records came before, in chunks. */
  list: { next?: string; totalCount?: number }
  abandon: undefined
  close: undefined
}

/** A call and the number that its answers carry. */
export interface NumberedCall {
  number: number
  call: Call
}

export type Reply =
  | { number: number; kind: 'done'; result: Results[Op] }
  | { number: number; kind: 'failed'; code: 'ERR_STORE' | 'ERR_CONFLICT'; message: string }
  /** The next records of a page, each a line of its public part and JSON. Bytes are handed over without a copy. */
  | { number: number; kind: 'chunk'; lines: Uint8Array<ArrayBuffer> }
