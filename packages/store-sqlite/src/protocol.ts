import type { ListQuery, TokenPatch, TokenRecord, TokenUse } from '@latchkey/core/store'
import type { ArrivalRow } from './arrivals.js'

/** What the worker is started with. */
export interface WorkerSettings {
  path: string
  /** How long it waits for another process's lock, in ms. */
  busyTimeout: number
  durability: 'full' | 'normal'
  /** Whether a missing file may be created. */
  create: boolean
  /** The file that it must be. Absent: any. */
  identity?: string
  checkIntegrity: boolean
}

/** What the host's thread asks of the worker. `env` is the number of the environment in the file. */
export type Call =
  | { op: 'open'; environment: string }
  | { op: 'find'; env: number; id: string }
  | { op: 'insert'; row: ArrivalRow }
  | { op: 'update'; env: number; id: string; patch: TokenPatch; expectedVersion: number }
  | { op: 'remove'; env: number; id: string; expectedVersion: number | undefined }
  | { op: 'touch'; env: number; uses: readonly TokenUse[] }
  | { op: 'purge'; env: number; expiredBefore: number; limit: number }
  | { op: 'list'; env: number; query: ListQuery }
  | { op: 'close' }

export type Op = Call['op']
export type CallOf<O extends Op> = Extract<Call, { op: O }>
export type Write = CallOf<'insert' | 'update' | 'remove' | 'touch' | 'purge'>

export interface Results {
  open: { identity: string; env: number; dataset: string; sealingKey: string }
  find: TokenRecord | undefined
  insert: undefined
  update: TokenRecord | undefined
  remove: boolean
  touch: undefined
  purge: number
  /** The records came before, in parts. */
  list: { next?: string; totalCount?: number }
  close: undefined
}

/**
 * Records per part of a large page, which is one that may have more: about a millisecond's work for either thread. Others
 * have their turn between two parts.
 */
export const LARGE_PART = 200

/** Whether a page may have so many records that neither thread should work on it in one go. */
export function isLarge(limit: number): boolean {
  return limit > LARGE_PART
}

/** A call and the number that its answers carry. */
export interface Request {
  number: number
  call: Call
}

export type Response =
  | { number: number; kind: 'done'; result: Results[Op] }
  | { number: number; kind: 'failed'; code: 'ERR_STORE' | 'ERR_CONFLICT'; message: string }
  /** JSON of a list of `StoredRecord`, a part of a page: bytes cross threads at no price, and are parsed a part at a time. */
  | { number: number; kind: 'part'; json: Uint8Array<ArrayBuffer> }
