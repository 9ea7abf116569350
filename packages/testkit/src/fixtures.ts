import { hmacSha256 } from '@latchkey/core'
import type { EnvironmentStore, ListPage, ListQuery, StoredSecret, TokenRecord } from '@latchkey/core/store'

/** Numbers from 0 (included) to 1 (excluded), as `Math.random`. */
export type Random = () => number

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const HEX = '0123456789abcdef'

/** 2023-11-14T22:13:20Z: when the records of `tokenRecord` were created. */
export const CREATED_AT = 1_700_000_000_000

/** For tests that really make and prove tokens: takes microseconds, where Argon2 would take most of their time. */
export const testHasher = hmacSha256({ keys: { test: new Uint8Array(32).fill(7) }, current: 'test' })

/** The same numbers for the same seed (a 32-bit xorshift): for tests that are random and yet repeatable. */
export function seededRandom(seed: number): Random {
  let state = seed | 0 || 1
  const step = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  // The first numbers of small seeds are small.
  for (let i = 0; i < 20; i++) step()
  return step
}

/** A whole number from 0 to `below` - 1. */
export function randomInt(below: number, random: Random = Math.random): number {
  return Math.floor(random() * below)
}

/** One of the items, which must not be empty. */
export function randomItem<T>(items: readonly T[], random: Random = Math.random): T {
  return items[randomInt(items.length, random)] as T
}

/** `prefix.` and 24 characters of A-Z and 2-7. */
export function tokenId(prefix = 'lk', random: Random = Math.random): string {
  return `${prefix}.${randomText(BASE32, 24, random)}`
}

/**
 * A record that looks like a real one and has no optional member, with a new random id. Its secret's hash and tag
 * belong to no secret: for tests of stores, which never prove one.
 */
export function tokenRecord(overrides: Partial<TokenRecord> = {}, random: Random = Math.random): TokenRecord {
  return {
    id: tokenId('lk', random),
    name: 'Nightly report',
    owner: 'alice',
    personal: false,
    enabled: true,
    scopes: ['reports.read'],
    networks: [],
    resources: [],
    version: 1,
    createdAt: CREATED_AT,
    secrets: [storedSecret({}, random)],
    retired: [],
    ...overrides,
  }
}

/**
 * A record with every optional member: in the overlap of a rotation away from a foreign key, both secrets used, with
 * metadata, networks and resources.
 */
export function fullTokenRecord(overrides: Partial<TokenRecord> = {}, random: Random = Math.random): TokenRecord {
  const used = { lastUsedAt: CREATED_AT + 60_000, lastUsedIp: '203.0.113.9' }
  const usedBefore = { lastUsedAt: CREATED_AT + 50_000, lastUsedIp: '2001:db8::1' }
  return tokenRecord(
    {
      personal: true,
      scopes: ['reports.read', 'metrics.*'],
      networks: ['203.0.113.0/24', '2001:db8::/32'],
      resources: ['project:17', 'team:*'],
      metadata: { team: 'billing', ticket: 4711, nested: { list: [1, 'two', null, true] } },
      createdBy: { kind: 'user', id: 'user \u{1F600} 7', owner: 'alice' },
      expiresAt: CREATED_AT + 86_400_000,
      modifiedAt: CREATED_AT + 10_000,
      modifiedBy: { kind: 'host' },
      rotatedAt: CREATED_AT + 55_000,
      ...used,
      secrets: [
        storedSecret({ gen: 2, ...used }, random),
        storedSecret({ gen: 1, until: CREATED_AT + 3_600_000, format: 'legacy', ...usedBefore }, random),
      ],
      retired: [secretTag(random), secretTag(random)],
      ...overrides,
    },
    random,
  )
}

/** A stored secret of generation 1, never used, with a random hash (a PHC string of Argon2id) and tag. */
export function storedSecret(overrides: Partial<StoredSecret> = {}, random: Random = Math.random): StoredSecret {
  const hash = `$argon2id$v=19$m=19456,t=2,p=1$${randomText(BASE64, 22, random)}$${randomText(BASE64, 43, random)}`
  return { gen: 1, hash, tag: secretTag(random), ...overrides }
}

/** 8 random hex digits. */
export function secretTag(random: Random = Math.random): string {
  return randomText(HEX, 8, random)
}

function randomText(alphabet: string, length: number, random: Random): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length, random))).join('')
}

/** A page of the store's, whose records have all been read. */
export async function readPage(
  store: Pick<EnvironmentStore, 'list'>,
  query: ListQuery,
): Promise<ListPage & { records: TokenRecord[] }> {
  const { damaged = [], ...page } = await store.list(query)
  const records = [...page.records]
  return { ...page, records, ...(damaged.length > 0 && { damaged }) }
}
