import { compact } from '../compact.js'
import type { Actor, ApiToken, StoredSecret, TokenRecord } from '../types.js'

/** How many retired secrets a record remembers, by their tags. */
export const MAX_RETIRED = 8

/** A record whose lists may be frozen ones that several records share. */
type SharedListRecord = Omit<TokenRecord, 'scopes' | 'networks' | 'resources'> & {
  readonly scopes: readonly string[]
  readonly networks: readonly string[]
  readonly resources: readonly string[]
}

/**
 * What hosts and callers may see of a record: no secret, hash or tag. `now` decides whether the previous secret is
 * still shown. The result is frozen, metadata included, because one serves many requests.
 */
export function publicView(record: SharedListRecord, now: number): ApiToken {
  const { metadata, createdBy, expiresAt, modifiedAt, modifiedBy, rotatedAt } = record
  const format = record.secrets[0]?.format
  const previous = activePrevious(record, now)
  return Object.freeze({
    id: record.id,
    name: record.name,
    owner: record.owner,
    personal: record.personal,
    enabled: record.enabled,
    scopes: frozenList(record.scopes),
    networks: frozenList(record.networks),
    resources: frozenList(record.resources),
    ...compact({ format, metadata: metadata && deepFreeze(metadata) }),
    createdAt: record.createdAt,
    ...compact({ createdBy: frozen(createdBy), expiresAt, modifiedAt, modifiedBy: frozen(modifiedBy), rotatedAt }),
    ...lastUse(record),
    ...(previous?.until !== undefined && {
      previousSecret: Object.freeze({ expiresAt: previous.until, ...lastUse(previous) }),
    }),
  })
}

/** The previous secret, if the overlap of a rotation runs at this moment. */
export function activePrevious({ secrets }: Pick<TokenRecord, 'secrets'>, now: number): StoredSecret | undefined {
  const previous = secrets[1]
  return previous !== undefined && isActive(previous, now) ? previous : undefined
}

/** Whether a secret may be used at this moment: always, or until the moment `until`, which is excluded. */
export function isActive({ until }: { readonly until?: number | undefined }, now: number): boolean {
  return until === undefined || now < until
}

/**
 * The tags of retired secrets, newest first, with those of more secrets in front. At most `MAX_RETIRED`. A foreign key
 * that was never used may have none.
 */
export function retire(retired: readonly string[], ...secrets: (StoredSecret | undefined)[]): string[] {
  const tags = secrets.flatMap((secret) => (secret === undefined || secret.tag === '' ? [] : [secret.tag]))
  return [...tags, ...retired].slice(0, MAX_RETIRED)
}

/** The list itself if it is frozen, else a frozen copy. */
function frozenList(list: readonly string[]): readonly string[] {
  return Object.isFrozen(list) ? list : Object.freeze([...list])
}

function frozen(actor: Actor | undefined): Actor | undefined {
  return actor && Object.freeze({ ...actor })
}

function deepFreeze<T>(json: T): T {
  if (typeof json !== 'object' || json === null || Object.isFrozen(json)) return json
  for (const child of Object.values(json)) deepFreeze(child)
  return Object.freeze(json)
}

function lastUse({ lastUsedAt, lastUsedIp }: Pick<TokenRecord, 'lastUsedAt' | 'lastUsedIp'>) {
  return compact({ lastUsedAt, lastUsedIp })
}
