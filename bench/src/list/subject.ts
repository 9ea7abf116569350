import type { TokenStore } from '@latchkey/core'
import type { EnvironmentStore, TokenRecord } from '@latchkey/core/store'
import type { Row, ServerTimes } from './measure.js'

export interface Subject {
  store: TokenStore
  /** Whether the tokens are in it already. */
  filled: boolean
  /** Its own way to put them in, if it has one. */
  fill?(records: Iterable<TokenRecord>): Promise<void>
  /** What it takes, in bytes; to be asked when all tokens are in. */
  size(): number | undefined | Promise<number>
  server?: ServerTimes
  /** The least that its writes can take. */
  disk?(): Promise<Row[]>
  /** Measurements that only this store has. */
  more?(environment: EnvironmentStore, ids: readonly string[], report: (row: Row) => void): Promise<void>
  remove(): void | Promise<void>
}
