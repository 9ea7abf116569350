/** One shard of a key space: its index and the names of its keys. They share a hash tag, and so a Cluster's slot. */
export interface ShardRef {
  readonly index: number
  /** The beginning of all keys: `{prefix:environment:index}:`. */
  readonly base: string
  /** Says which data set this is. A reader that finds another text here must not trust what it read. */
  readonly meta: string
  /** Exists while `rebuild()` works on the shard: writes wait. */
  readonly lock: string
  /** The number of the latest change. */
  readonly seq: string
  /** The stream of changes. */
  readonly log: string
  document(publicPart: string): string
  /** Last uses of one token, which a touch writes without touching the document. */
  uses(publicPart: string): string
  /** The nonce of a recent removal, by which a repeated removal recognizes its own. */
  tombstone(publicPart: string): string
  // Sorted sets: one for each order, one for each owner.
  readonly created: string
  readonly used: string
  readonly expires: string
  readonly modified: string
  readonly names: string
  owner(owner: string): string
  // Bitmaps over the numbers of tokens.
  readonly live: string
  readonly personal: string
  /** The enabled tokens, and those that are not. */
  enabled(isEnabled: boolean): string
  scope(scope: string): string
}

export function shardRef(prefix: string, environment: string, index: number): ShardRef {
  const base = `{${prefix}:${environment}:${index}}:`
  return {
    index,
    base,
    meta: `${base}meta`,
    lock: `${base}lock`,
    seq: `${base}seq`,
    log: `${base}log`,
    document: (publicPart) => `${base}t:${publicPart}`,
    uses: (publicPart) => `${base}u:${publicPart}`,
    tombstone: (publicPart) => `${base}d:${publicPart}`,
    created: `${base}z:c`,
    used: `${base}z:l`,
    expires: `${base}z:e`,
    modified: `${base}z:m`,
    names: `${base}z:n`,
    owner: (owner) => `${base}o:${owner}`,
    live: `${base}b:live`,
    personal: `${base}b:pat`,
    enabled: (isEnabled) => `${base}b:${isEnabled ? 'on' : 'off'}`,
    scope: (scope) => `${base}b:s:${scope}`,
  }
}

/**
 * The pub/sub channel on which all shards of an environment announce their changes. Redis has the same channels for all
 * its databases, so the number of the database is part of the name. `inv` is short for invalidations.
 */
export function changesChannel(prefix: string, environment: string, database: number): string {
  return `{${prefix}:${environment}:0}:inv:${database}`
}

/** The index of the shard of a token: FNV-1a of its public part, for a power of two of shards. */
export function shardIndex(publicPart: string, shards: number): number {
  if (shards === 1) return 0
  let hash = 0x811c9dc5
  for (let i = 0; i < publicPart.length; i++) hash = Math.imul(hash ^ publicPart.charCodeAt(i), 0x01000193)
  return (hash ^ (hash >>> 16)) & (shards - 1)
}
