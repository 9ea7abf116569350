import type { ChangeEvent, ChangeListener } from '@latchkey/core/store'
import { changesBehind, newestChange } from './change-log.js'
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

/** Follows the log of changes, in which writers of all processes tell what they changed. */
export function followChanges(db: Database, path: string, identity: string): Changes {
  const listeners = new Set<{ env: number; listener: ChangeListener }>()
  let dataVersion = db.pragma('data_version')
  let lastSeq = newestChange(db)
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
      const news = changesBehind(db, lastSeq, BATCH)
      const [first] = news
      if (!first) return
      if (first.seq !== lastSeq + 1) {
        // Older ones have been dropped already.
        lastSeq = newestChange(db)
        announce('reset')
        return
      }
      lastSeq = news.at(-1)?.seq ?? lastSeq
      for (const env of new Set(news.map((change) => change.env))) {
        announce({ ids: news.filter((change) => change.env === env).map(({ id }) => id) }, env)
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
