/** What this process has seen of a change: a version, or 0 for a removal, and its number in the shard's sequence. */
interface SeenVersion {
  readonly version: number
  readonly seq: number
  /** How often the shard had lost history by then. */
  readonly losses: number
  readonly at: number
}

const MEMORY_MS = 600_000
const MAX_VERSIONS = 100_000

/**
 * Guards this process against a data set that goes back in time: a fail-over may lose acknowledged writes, and must not
 * bring a revoked token back here. So it remembers for ten minutes which changes this process has seen. Every read
 * brings the shard's sequence number along. One below what was seen before the read means that history was lost: from
 * then on documents older than what was seen are refused.
 */
export interface RollbackGuard {
  /** Records a change. Its operation, as the change log has it: `c`, `u` or `d` and the version, 0 for `d`. */
  record(shard: number, publicPart: string, operation: string, seq: number): void
  /** The highest sequence number seen of the shard: a read that starts now must bring at least that. */
  latestSeq(shard: number): number
  /** Takes a sequence number that was read; `expected`: `latestSeq` before it. Returns whether history was lost. */
  observeSeq(shard: number, seq: number, expected: number): boolean
  /** Whether a document of this version may be believed, after `observeSeq` of its sequence number. */
  judge(shard: number, publicPart: string, version: number): 'current' | 'removed' | 'stale'
  clear(): void
}

export function createRollbackGuard(): RollbackGuard {
  /** In the order in which they were seen. */
  const seen = new Map<string, SeenVersion>()
  const latest = new Map<number, number>()
  const losses = new Map<number, number>()
  const latestSeq = (shard: number) => latest.get(shard) ?? 0
  const lossesOf = (shard: number) => losses.get(shard) ?? 0

  function dropOld(): void {
    const horizon = performance.now() - MEMORY_MS
    for (const [publicPart, { at }] of seen) {
      if (at > horizon && seen.size <= MAX_VERSIONS) return
      seen.delete(publicPart)
    }
  }

  return {
    record(shard, publicPart, operation, seq) {
      latest.set(shard, Math.max(latestSeq(shard), seq))
      const known = seen.get(publicPart)
      const knowsLater = known !== undefined && known.losses === lossesOf(shard) && known.seq >= seq
      // After a loss, an update of a token that was removed belongs to the history that forgot the removal.
      if (knowsLater || (known?.version === 0 && operation.startsWith('u'))) return
      seen.delete(publicPart)
      const version = Number(operation.slice(1))
      seen.set(publicPart, { version, seq, losses: lossesOf(shard), at: performance.now() })
      dropOld()
    },
    latestSeq,
    observeSeq(shard, seq, expected) {
      const lost = seq < expected
      latest.set(shard, lost ? seq : Math.max(latestSeq(shard), seq))
      if (lost) losses.set(shard, lossesOf(shard) + 1)
      return lost
    },
    judge(shard, publicPart, version) {
      const known = seen.get(publicPart)
      const isOld = known !== undefined && performance.now() - known.at > MEMORY_MS
      // If no history was lost since it was seen, what was read is at least as new.
      if (known === undefined || isOld || known.losses === lossesOf(shard)) return 'current'
      if (known.version === 0) return 'removed'
      return version < known.version ? 'stale' : 'current'
    },
    clear() {
      seen.clear()
      latest.clear()
      losses.clear()
    },
  }
}
