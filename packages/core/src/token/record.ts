import type { ApiToken, StoredSecret, TokenRecord } from '../types.js'

/** How many dead secrets a record remembers by tag. */
export const RETIRED_LIMIT = 8

/** A record whose lists may be shared ones. */
type Viewed = Omit<TokenRecord, 'scopes' | 'networks'> & {
  readonly scopes: readonly string[]
  readonly networks: readonly string[]
}

/**
 * What may be shown of a record at a moment: frozen, metadata included, since one view serves many requests. Without
 * secrets, hashes and tags.
 */
export function publicView(record: Viewed, now: number): ApiToken {
  const previous = livingPrevious(record, now)
  return Object.freeze({
    id: record.id,
    name: record.name,
    owner: record.owner,
    personal: record.personal,
    enabled: record.enabled,
    scopes: frozenList(record.scopes),
    networks: frozenList(record.networks),
    ...(record.metadata !== undefined && { metadata: frozen(record.metadata) }),
    createdAt: record.createdAt,
    ...(record.expiresAt !== undefined && { expiresAt: record.expiresAt }),
    ...(record.modifiedAt !== undefined && { modifiedAt: record.modifiedAt }),
    ...(record.rotatedAt !== undefined && { rotatedAt: record.rotatedAt }),
    ...lastUse(record),
    ...(previous?.until !== undefined && {
      previousSecret: Object.freeze({ expiresAt: previous.until, ...lastUse(previous) }),
    }),
  })
}

/** The previous secret, if an overlap runs at this moment. */
export function livingPrevious(record: Pick<TokenRecord, 'secrets'>, now: number): StoredSecret | undefined {
  const previous = record.secrets[1]
  return previous !== undefined && isAlive(previous, now) ? previous : undefined
}

/** A secret without an end lives; one with an end is dead from that moment on. */
export function isAlive(secret: { readonly until?: number | undefined }, now: number): boolean {
  return secret.until === undefined || now < secret.until
}

/** The tags of dead secrets with more of them put in front, cut to the limit. */
export function retire(retired: readonly string[], ...dead: (StoredSecret | undefined)[]): string[] {
  const tags = dead.flatMap((secret) => (secret === undefined ? [] : [secret.tag]))
  return [...tags, ...retired].slice(0, RETIRED_LIMIT)
}

/** A list that is frozen already may be shared. */
function frozenList(list: readonly string[]): readonly string[] {
  return Object.isFrozen(list) ? list : Object.freeze([...list])
}

function frozen<T>(json: T): T {
  if (typeof json !== 'object' || json === null || Object.isFrozen(json)) return json
  for (const child of Object.values(json)) frozen(child)
  return Object.freeze(json)
}

function lastUse(from: { lastUsedAt?: number; lastUsedIp?: string }): { lastUsedAt?: number; lastUsedIp?: string } {
  return {
    ...(from.lastUsedAt !== undefined && { lastUsedAt: from.lastUsedAt }),
    ...(from.lastUsedIp !== undefined && { lastUsedIp: from.lastUsedIp }),
  }
}
