import type { ChangeEvent, ChangeListener } from '@latchkey/core'
import type { Database } from './database.js'
import { assertSameFile } from './file.js'

/** How often the file is asked whether anybody has written, in ms. One question takes some microseconds. */
const INTERVAL = 100
/** So many changes are fetched at a time. */
const BATCH = 1_000

export interface Changes {
  /** Tells of changes of the environment from now on. */
  add(env: number, listener: ChangeListener): () => void
  stop(): void
}

/** Follows the table of changes, through which writers of all processes tell what they changed. */
export function followChanges(db: Database, path: string, identity: string): Changes {
  const listeners = new Set<{ env: number; listener: ChangeListener }>()
  let dataVersion = db.pragma('data_version')
  let lastSeq = newestSeq(db)
  let lagging = false

  function poll(): void {
    try {
      assertSameFile(path, identity)
      // Changes when another connection writes, which all writers are.
      const version = db.pragma('data_version')
      if (version !== dataVersion) deliver()
      dataVersion = version
      if (lagging) announce('live')
      lagging = false
    } catch {
      // What is wrong is told by every call; caches only need to know that they are on their own.
      if (!lagging) announce('lagging')
      lagging = true
    }
  }

  function deliver(): void {
    for (;;) {
      const rows = db.sql('SELECT seq, env, id FROM change WHERE seq > ? ORDER BY seq LIMIT ?').all(lastSeq, BATCH)
      const [first] = rows
      if (!first) return
      if (Number(first[0]) !== lastSeq + 1) {
        // Older ones have been dropped already.
        lastSeq = newestSeq(db)
        announce('reset')
        return
      }
      lastSeq = Number(rows.at(-1)?.[0])
      for (const env of new Set(rows.map(([, env]) => env))) {
        announce({ ids: rows.filter((row) => row[1] === env).map(([, , id]) => String(id)) }, Number(env))
      }
    }
  }

  function announce(event: ChangeEvent, env?: number): void {
    for (const { env: watched, listener } of [...listeners]) {
      if (env !== undefined && env !== watched) continue
      try {
        listener(event)
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error))
      }
    }
  }

  const timer = setInterval(poll, INTERVAL).unref()
  return {
    add(env, listener) {
      // What changed before is no news to a new listener.
      poll()
      const entry = { env, listener }
      listeners.add(entry)
      return () => void listeners.delete(entry)
    },
    stop() {
      clearInterval(timer)
      listeners.clear()
    },
  }
}

function newestSeq(db: Database): number {
  return Number(db.sql('SELECT max(seq) FROM change').get()?.[0] ?? 0)
}
