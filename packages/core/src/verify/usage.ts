import { isConflict } from '../errors.js'
import { publish } from '../events.js'
import type { EnvironmentStore } from '../store/token-store.js'
import type { TokenUse, VerifyContext } from '../types.js'
import { ORIGIN } from './clock.js'
import type { Secret } from './entry.js'
import { LazyContext } from './lazy-context.js'

/** Between two flushes and while the store is away, so many uses are kept; beyond, the oldest are given up. */
const MOST_PENDING = 100_000
const BATCH = 500
/** IPv6 with a zone fits. Behind a proxy that believes its clients, an address is any text that they like. */
const LONGEST_ADDRESS = 64

/** A hash to be put in the place of another, after a change of hasher. */
export interface Rehash {
  readonly id: string
  readonly from: string
  readonly to: string
}

/**
 * Last uses and re-hashes, written behind: the request path only notes them. Uses are coalesced per token and secret,
 * the newest wins. A crash loses what was noted since the last flush, never a token.
 */
export interface UsageWriter {
  /**
   * `at`: since `ORIGIN`, in milliseconds. Of the uses within one, none is newer: where the address takes long to tell,
   * that of the first is kept.
   */
  note(secret: Secret, at: number, context: VerifyContext): void
  noteRehash(rehash: Rehash): void
  /** Writes everything noted so far. Rejects with `StoreError`; what was not written is kept for the next flush. */
  flush(): Promise<void>
  stop(): void
  readonly pending: number
}

export function createUsageWriter(
  store: () => Promise<EnvironmentStore>,
  options: { environment: string; interval: number; uses: boolean },
): UsageWriter {
  let queued: Secret[] = []
  const unwritten = new Map<string, TokenUse>()
  const rehashes: Rehash[] = []
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let running: Promise<void> = Promise.resolve()

  function schedule(): void {
    if (stopped) return
    timer ??= setInterval(() => {
      // A failure was published by the store's observer; the next flush tries again.
      flush().catch(() => undefined)
    }, options.interval).unref()
  }

  function noteMore(secret: Secret, ip: string | undefined): void {
    secret.usedIp = ip !== undefined && ip.length <= LONGEST_ADDRESS ? ip : undefined
    if (secret.queued) return
    secret.queued = true
    queued.push(secret)
    // Each read of a token from the store makes a new secret: many may speak of one token.
    if (queued.length >= MOST_PENDING) collect()
    schedule()
  }

  function collect(): void {
    for (const secret of queued) {
      secret.queued = false
      const { id, gen, usedAt, usedIp: ip } = secret
      const at = usedAt + ORIGIN
      const key = `${id} ${gen}`
      const known = unwritten.get(key)
      if (known !== undefined && known.at > at) continue
      // Moves it behind all others, too: the first are the oldest.
      unwritten.delete(key)
      unwritten.set(key, { id, gen, at, ...(ip !== undefined && { ip }) })
    }
    queued = []
    for (const key of unwritten.keys()) {
      if (unwritten.size <= MOST_PENDING) break
      unwritten.delete(key)
    }
  }

  async function write(): Promise<void> {
    collect()
    if (unwritten.size === 0 && rehashes.length === 0) return
    const environment = await store()
    const uses = [...unwritten.entries()]
    for (let start = 0; start < uses.length; start += BATCH) {
      const batch = uses.slice(start, start + BATCH)
      await environment.touch(batch.map(([, use]) => use))
      for (const [key, use] of batch) if (unwritten.get(key) === use) unwritten.delete(key)
    }
    const rehashed = await writeRehashes(environment)
    publish('flushed', { environment: options.environment, uses: uses.length, rehashed })
  }

  /** One that fails stays for the next flush, and holds up none behind it. */
  async function writeRehashes(environment: EnvironmentStore): Promise<number> {
    let written = 0
    const failures: unknown[] = []
    for (const rehash of rehashes.splice(0)) {
      try {
        if (await replaceHash(environment, rehash)) written++
      } catch (error) {
        failures.push(error)
        rehashes.push(rehash)
      }
    }
    if (failures.length > 0) throw failures[0]
    return written
  }

  function flush(): Promise<void> {
    running = running.then(write, write)
    return running
  }

  return {
    note(secret, at, context) {
      if (!options.uses || (secret.queued && secret.usedAt === at && context instanceof LazyContext)) return
      // First: should the framework fail at it, nothing was used.
      const { ip } = context
      secret.usedAt = at
      if (!secret.queued || secret.usedIp !== ip) noteMore(secret, ip)
    },
    noteRehash(rehash) {
      rehashes.push(rehash)
      schedule()
    },
    flush,
    stop() {
      stopped = true
      clearInterval(timer)
    },
    get pending() {
      return queued.length + unwritten.size + rehashes.length
    },
  }
}

/** Only if the hash still stands as it did; a lost race is dropped. */
async function replaceHash(environment: EnvironmentStore, { id, from, to }: Rehash): Promise<boolean> {
  const record = await environment.find(id)
  if (record === undefined || !record.secrets.some((secret) => secret.hash === from)) return false
  const secrets = record.secrets.map((secret) => (secret.hash === from ? { ...secret, hash: to } : secret))
  try {
    return (await environment.update(id, { secrets }, record.version)) !== undefined
  } catch (error) {
    if (isConflict(error)) return false
    throw error
  }
}
