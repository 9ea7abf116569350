import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore } from '@latchkey/core'
import { sqliteStore } from '@latchkey/store-sqlite'
import { diskRows } from './disk.js'
import { redisSubject } from './redis.js'
import type { Subject } from './subject.js'

/**
 * The stores that can be measured, by their word on the command line. Each starts empty, unless `path` names what an
 * earlier run with the same `path` and number of tokens has left.
 */
export const SUBJECTS: Record<string, (path?: string) => Subject | Promise<Subject>> = {
  memory: () => ({ store: memoryStore(), filled: false, size: () => undefined, remove: () => {} }),
  redis: async (path) => redisSubject('node-redis', path),
  ioredis: async (path) => redisSubject('ioredis', path),
  sqlite(kept) {
    const folder = kept === undefined ? mkdtempSync(join(tmpdir(), 'latchkey-bench-')) : undefined
    const path = kept ?? join(folder ?? '', 'tokens.db')
    return {
      filled: existsSync(path),
      store: sqliteStore({ path }),
      size: () => statSync(path).size,
      disk: () => diskRows(`${path}-disk`),
      remove: () => {
        if (folder !== undefined) rmSync(folder, { recursive: true })
      },
    }
  },
}
