/** The names of all keys of one shard. They share a hash tag, so in a Cluster they live in one slot. */
export interface ShardKeys {
  /** Which data set this is. Whoever finds another text here must not trust what it reads. */
  meta: string
  /** There while `rebuild()` works: writes wait. */
  lock: string
  seq: string
  log: string
  document(publicPart: string): string
  /** Last uses of one token, which a touch writes without touching the document. */
  uses(publicPart: string): string
  /** Who removed a token lately, so that a repeated removal knows its own. */
  grave(publicPart: string): string
  created: string
  used: string
  expires: string
  modified: string
  names: string
  owner(owner: string): string
  live: string
  personal: string
  scope(scope: string): string
  /** The beginning of all keys: `{prefix:environment:shard}:`. */
  base: string
}

export function shardKeys(prefix: string, environment: string, shard: number): ShardKeys {
  const base = `{${prefix}:${environment}:${shard}}:`
  return {
    base,
    meta: `${base}meta`,
    lock: `${base}lock`,
    seq: `${base}seq`,
    log: `${base}log`,
    document: (publicPart) => `${base}t:${publicPart}`,
    uses: (publicPart) => `${base}u:${publicPart}`,
    grave: (publicPart) => `${base}d:${publicPart}`,
    created: `${base}z:c`,
    used: `${base}z:l`,
    expires: `${base}z:e`,
    modified: `${base}z:m`,
    names: `${base}z:n`,
    owner: (owner) => `${base}o:${owner}`,
    live: `${base}b:live`,
    personal: `${base}b:pat`,
    scope: (scope) => `${base}b:s:${scope}`,
  }
}

/** The pub/sub channel on which all shards of an environment announce their changes. */
export function changesChannel(prefix: string, environment: string): string {
  return `{${prefix}:${environment}:0}:inv`
}

/** FNV-1a of the public part, for a power of two of shards. */
export function shardOf(publicPart: string, shards: number): number {
  if (shards === 1) return 0
  let hash = 0x811c9dc5
  for (let i = 0; i < publicPart.length; i++) hash = Math.imul(hash ^ publicPart.charCodeAt(i), 0x01000193)
  return (hash ^ (hash >>> 16)) & (shards - 1)
}
