import { type ChangeEvent, type ChangeListener, createListeners, type Listeners } from '@latchkey/core/store'
import type { Database } from '../shared/database.js'
import { assertSameFile } from '../shared/file.js'

/** How often the file is asked whether another connection has written. One question takes some microseconds. */
const POLL_INTERVAL_MS = 100
const MAX_BATCH = 1_000

/** Follows the file's log of changes, to which the writers of all processes add. */
export interface ChangeFeed {
  /** Tells of the changes of the environment from now on. Returns the function that ends it. */
  watch(env: number, listener: ChangeListener): () => void
  stop(): void
}

export function followChanges(db: Database, path: string, identity: string): ChangeFeed {
  const environments = new Map<number, Listeners>()
  let dataVersion = db.pragma('data_version')
  let lastSeq = newestSeq(db)

  function poll(): void {
    try {
      assertSameFile(path, identity)
      // Changes when another connection writes, and this one never does.
      const version = db.pragma('data_version')
      if (version !== dataVersion) deliver()
      dataVersion = version
      notifyAll('live')
    } catch {
      // Every call rejects with the reason. Watchers only need to know that they get no events.
      notifyAll('lagging')
    }
  }

  function deliver(): void {
    for (;;) {
      const changes = changesAfter(db, lastSeq)
      const [first] = changes
      if (!first) return
      if (first.seq !== lastSeq + 1) {
        // Older changes were deleted before they were seen here.
        lastSeq = newestSeq(db)
        notifyAll('reset')
        return
      }
      lastSeq = changes.at(-1)?.seq ?? lastSeq
      for (const [env, listeners] of environments) {
        const ids = changes.filter((change) => change.env === env).map(({ token }) => token)
        if (ids.length > 0) listeners.notify({ ids })
      }
    }
  }

  function notifyAll(event: ChangeEvent): void {
    for (const listeners of environments.values()) listeners.notify(event)
  }

  const timer = setInterval(poll, POLL_INTERVAL_MS).unref()
  return {
    watch(env, listener) {
      // A new listener gets no earlier changes.
      poll()
      const listeners = environments.get(env) ?? createListeners()
      environments.set(env, listeners)
      return listeners.add(listener)
    },
    stop() {
      clearInterval(timer)
      environments.clear()
    },
  }
}

interface Change {
  readonly seq: number
  readonly env: number
  readonly token: string
}

function changesAfter(db: Database, seq: number): Change[] {
  return db
    .all('SELECT seq, environment_id, token FROM change WHERE seq > ? ORDER BY seq LIMIT ?', seq, MAX_BATCH)
    .map(([at, env, token]) => ({ seq: Number(at), env: Number(env), token: String(token) }))
}

/** 0 if there was no change yet. */
function newestSeq(db: Database): number {
  return Number(db.get('SELECT max(seq) FROM change')?.[0] ?? 0)
}
