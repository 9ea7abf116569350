import { closeSync, existsSync, fdatasyncSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore } from '@latchkey/core'
import { sqliteStore } from '@latchkey/store-sqlite'
import { measure, type Row } from './measure.js'
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
      more: async (_store, _ids, report) => report(await syncs(`${path}-disk`)),
      remove: () => {
        if (folder !== undefined) rmSync(folder, { recursive: true })
      },
    }
  },
}

/** The least that a durable write can take: 4 KB over what a file had there, and the wait for the disk. */
async function syncs(path: string): Promise<Row> {
  const file = openSync(path, 'w')
  const page = Buffer.alloc(4_096, 1)
  const pages = 1_000
  try {
    for (let i = 0; i <= pages; i++) writeSync(file, page, 0, page.length, i * page.length)
    fdatasyncSync(file)
    return await measure('disk: write and sync 4 KB', pages, async (i) => {
      writeSync(file, page, 0, page.length, i * page.length)
      fdatasyncSync(file)
    })
  } finally {
    closeSync(file)
    rmSync(path)
  }
}
