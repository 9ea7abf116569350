import { compact } from '../compact.js'
import { detached } from '../detached.js'
import { normalAddress } from '../policy/address.js'
import type { EnvironmentStore } from '../store/token-store.js'
import type { TokenUse } from '../types.js'

/** How many uses wait at most. Beyond, the oldest are given up. */
const MAX_PENDING = 100_000
const BATCH_SIZE = 500
/** IPv6 with a zone and a port fits. Behind a proxy that believes its clients, an address is any text they like. */
const MAX_ADDRESS_LENGTH = 64

/** The last use of one secret. */
export interface LastUse {
  readonly id: string
  readonly gen: number
  /** The format of the secret, if it is a foreign one. */
  readonly format: string | undefined
  /** Epoch milliseconds. */
  at: number
  /** As the framework gave it. */
  ip: string | undefined
  /** Whether it was noted since the last write began. */
  isNoted: boolean
}

export function unused(id: string, gen: number, format?: string): LastUse {
  return { id, gen, format, at: 0, ip: undefined, isNoted: false }
}

/**
 * Last uses that wait to be written. There is one per token and secret, the newest. A crash loses those that were noted
 * since the last write.
 */
export interface UsageQueue {
  /** Notes a use, in memory. `at`: epoch milliseconds. */
  touch(use: LastUse, at: number, ip: string | undefined): void
  /** Writes all that wait and returns how many there were. What could not be written waits for the next call. */
  write(store: EnvironmentStore): Promise<number>
  readonly pending: number
}

/** `onPending` is called when a use waits that did not before. */
export function createUsageQueue(onPending: () => void): UsageQueue {
  /** By token and secret, the oldest first. */
  const pending = new Map<string, LastUse>()

  function add(use: LastUse): void {
    const key = keyOf(use)
    const known = pending.get(key)
    if (known !== undefined && known.at > use.at) return
    if (known !== undefined) known.isNoted = false
    use.isNoted = true
    // To the end.
    pending.delete(key)
    pending.set(key, use)
    if (pending.size > MAX_PENDING) giveUpOldest()
    onPending()
  }

  function giveUpOldest(): void {
    for (const [key, use] of pending) {
      use.isNoted = false
      pending.delete(key)
      return
    }
  }

  return {
    touch(use, at, ip) {
      use.at = at
      if (use.ip !== ip) use.ip = ip !== undefined && ip.length <= MAX_ADDRESS_LENGTH ? detached(ip) : undefined
      if (!use.isNoted) add(use)
    },
    async write(store) {
      const uses = [...pending.values()]
      for (const use of uses) use.isNoted = false
      for (let start = 0; start < uses.length; start += BATCH_SIZE) {
        const batch = uses.slice(start, start + BATCH_SIZE)
        await store.touch(batch.map(toTokenUse))
        for (const use of batch) if (!use.isNoted && pending.get(keyOf(use)) === use) pending.delete(keyOf(use))
      }
      return uses.length
    },
    get pending() {
      return pending.size
    },
  }
}

function keyOf({ id, gen }: LastUse): string {
  return `${id} ${gen}`
}

function toTokenUse({ id, gen, at, ip }: LastUse): TokenUse {
  return compact({ id, gen, at, ip: normalAddress(ip) })
}
