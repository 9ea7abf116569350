import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EnvironmentStore, memoryStore, type TokenStore } from '@latchkey/core'
import { sqliteStore } from '@latchkey/store-sqlite'
import type { Row } from './measure.js'
import { redisSubject } from './redis.js'

export interface Subject {
  store: TokenStore
  /** Whether the tokens are in it already. */
  filled: boolean
  /** What it takes, in bytes; to be asked when all tokens are in. */
  size(): number | undefined | Promise<number>
  /** What the store's server says of its own time, since the last reset. */
  server?: { reset(): Promise<void>; read(): Promise<{ scriptUs: number | undefined; longestMs: number }> }
  /** Measurements that only this store has. */
  more?(environment: EnvironmentStore, ids: readonly string[], report: (row: Row) => void): Promise<void>
  remove(): void | Promise<void>
}

/**
 * The stores that can be measured, by their word on the command line. Each starts empty, unless `path` names what an
 * earlier run with the same `path` and number of tokens has left.
 */
export const SUBJECTS: Record<string, (path?: string) => Subject | Promise<Subject>> = {
  memory: () => ({ store: memoryStore(), filled: false, size: () => undefined, remove: () => {} }),
  redis: async () => redisSubject('node-redis'),
  ioredis: async () => redisSubject('ioredis'),
  sqlite(kept) {
    const folder = kept === undefined ? mkdtempSync(join(tmpdir(), 'latchkey-bench-')) : undefined
    const path = kept ?? join(folder ?? '', 'tokens.db')
    return {
      filled: existsSync(path),
      store: sqliteStore({ path }),
      size: () => statSync(path).size,
      remove: () => {
        if (folder !== undefined) rmSync(folder, { recursive: true })
      },
    }
  },
}
