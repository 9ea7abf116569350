import { isConflict } from '../errors.js'
import type { EnvironmentStore } from '../store/token-store.js'

/** A stored hash to be replaced by one that the current hasher made. */
export interface Rehash {
  readonly id: string
  readonly from: string
  readonly to: string
  /** The tag of the secret: one that was imported with a slow hash has none before. */
  readonly tag: string
}

/** Hashes that wait to be replaced after a change of hasher. */
export interface RehashQueue {
  add(rehash: Rehash): void
  /**
   * Replaces all that wait and returns how many were replaced. A hash that somebody else replaced first is left alone.
   * One that fails waits for the next call and holds up no other; then this rejects.
   */
  write(store: EnvironmentStore): Promise<number>
  readonly pending: number
}

/** `onPending` is called for each that is added. */
export function createRehashQueue(onPending: () => void): RehashQueue {
  const pending: Rehash[] = []
  return {
    add(rehash) {
      pending.push(rehash)
      onPending()
    },
    async write(store) {
      let written = 0
      const failures: unknown[] = []
      for (const rehash of pending.splice(0)) {
        try {
          if (await replaceHash(store, rehash)) written++
        } catch (error) {
          failures.push(error)
          pending.push(rehash)
        }
      }
      if (failures.length > 0) throw failures[0]
      return written
    },
    get pending() {
      return pending.length
    },
  }
}

/** Resolves to whether the hash was replaced. It is not if the record changed in between, and is not tried again. */
async function replaceHash(store: EnvironmentStore, { id, from, to, tag }: Rehash): Promise<boolean> {
  const record = await store.find(id)
  if (record === undefined || !record.secrets.some((secret) => secret.hash === from)) return false
  const secrets = record.secrets.map((secret) => (secret.hash === from ? { ...secret, hash: to, tag } : secret))
  try {
    return (await store.update(id, { secrets }, record.version)) !== undefined
  } catch (error) {
    if (isConflict(error)) return false
    throw error
  }
}
