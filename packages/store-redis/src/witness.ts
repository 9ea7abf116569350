/** What a process has seen of a change: a version, or 0 for a removal, and its number in the shard's sequence. */
interface Sight {
  version: number
  seq: number
  /** How many losses of history the shard had then. */
  losses: number
  at: number
}

const MEMORY = 600_000
const CAPACITY = 100_000

/**
 * Remembers for ten minutes which changes were seen, so that a fail-over that lost acknowledged writes does not bring a
 * revoked token back on this node. Every read brings the shard's sequence number along: one below what was seen before
 * the read means that history was lost, and from then on documents older than what was seen before are refused.
 */
export interface Witness {
  /** A change as the stream has it: `c`, `u` or `d` and the version, 0 for `d`. */
  note(shard: number, publicPart: string, change: string, seq: number): void
  /** The highest sequence number seen of the shard: whoever reads from now on must see at least that. */
  seq(shard: number): number
  /** A sequence number that was read. `floor` is what `seq` said before the read. Returns whether history was lost. */
  read(shard: number, seq: number, floor: number): boolean
  /** Whether a document of this version may be believed, after `read` was told of its sequence number. */
  judge(shard: number, publicPart: string, version: number): 'good' | 'removed' | 'older'
  clear(): void
}

export function createWitness(): Witness {
  const sights = new Map<string, Sight>()
  const highest = new Map<number, number>()
  const losses = new Map<number, number>()
  const lossesOf = (shard: number) => losses.get(shard) ?? 0

  return {
    note(shard, publicPart, change, seq) {
      highest.set(shard, Math.max(highest.get(shard) ?? 0, seq))
      const known = sights.get(publicPart)
      const stillNew = known !== undefined && known.losses === lossesOf(shard) && known.seq >= seq
      // After a loss, an update of a token that was removed belongs to the history that forgot the removal.
      if (stillNew || (known?.version === 0 && change.startsWith('u'))) return
      sights.delete(publicPart)
      const version = Number(change.slice(1))
      sights.set(publicPart, { version, seq, losses: lossesOf(shard), at: performance.now() })
      forget(sights)
    },
    seq: (shard) => highest.get(shard) ?? 0,
    read(shard, seq, floor) {
      if (seq >= floor) {
        highest.set(shard, Math.max(highest.get(shard) ?? 0, seq))
        return false
      }
      highest.set(shard, seq)
      losses.set(shard, lossesOf(shard) + 1)
      return true
    },
    judge(shard, publicPart, version) {
      const sight = sights.get(publicPart)
      if (sight === undefined || sight.losses === lossesOf(shard) || performance.now() - sight.at > MEMORY)
        return 'good'
      if (sight.version === 0) return 'removed'
      return version < sight.version ? 'older' : 'good'
    },
    clear() {
      sights.clear()
      highest.clear()
      losses.clear()
    },
  }
}

/** Sights are in the order in which they were made. */
function forget(sights: Map<string, Sight>): void {
  const horizon = performance.now() - MEMORY
  for (const [publicPart, { at }] of sights) {
    if (at > horizon && sights.size <= CAPACITY) return
    sights.delete(publicPart)
  }
}
