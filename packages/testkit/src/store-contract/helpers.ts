import assert from 'node:assert/strict'
import { type SortKey, StoreError } from '@latchkey/core'
import type { EnvironmentStore, ListQuery, ListSort, TokenRecord } from '@latchkey/core/store'
import { fullTokenRecord, randomItem, readPage, seededRandom, storedSecret, tokenId, tokenRecord } from '../fixtures.js'

export const SORT_KEYS: readonly SortKey[] = ['name', 'lastUsedAt', 'createdAt', 'expiresAt', 'modifiedAt']

export const ALL_SORTS: readonly ListSort[] = SORT_KEYS.flatMap((by) => [
  { by, direction: 'asc' as const },
  { by, direction: 'desc' as const },
])

export async function rejectsWith(code: 'ERR_CONFLICT' | 'ERR_STORE', call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof StoreError, `rejects with a StoreError, not ${String(error)}`)
    assert.equal(error.code, code)
    return true
  })
}

/** How many of the calls resolved; all others must have been rejected with `ERR_CONFLICT`. */
export async function winners<T>(calls: readonly Promise<T>[]): Promise<T[]> {
  const won: T[] = []
  for (const outcome of await Promise.allSettled(calls)) {
    if (outcome.status === 'fulfilled') won.push(outcome.value)
    else await rejectsWith('ERR_CONFLICT', Promise.reject(outcome.reason))
  }
  return won
}

/** Inserts in their order of arrival at the store, some at a time. */
export async function insertAll(store: EnvironmentStore, records: readonly TokenRecord[]): Promise<void> {
  for (let i = 0; i < records.length; i += 100) {
    await Promise.all(records.slice(i, i + 100).map((record) => store.insert(record)))
  }
}

/** Removes them at once. */
export async function removeAll(store: EnvironmentStore, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => store.remove(id)))
}

/** The record, which must be there. */
export async function stored(store: EnvironmentStore, id: string): Promise<TokenRecord> {
  const record = await store.find(id)
  assert.ok(record, `${id} is stored`)
  return record
}

/** A query of all records, oldest first, 100 a page, without a total, but for what is given. */
export interface Query extends Partial<Omit<ListQuery, 'after'>> {
  readonly after?: string | undefined
}

export function page(store: EnvironmentStore, { after, ...query }: Query = {}): ReturnType<typeof readPage> {
  const sort = { by: 'createdAt', direction: 'asc' } as const
  const whole = { filter: {}, sort, limit: 100, count: false, ...query }
  return readPage(store, after === undefined ? whole : { ...whole, after })
}

/** All pages one after another, while nobody writes: every page but the last is full, and no record comes twice. */
export async function walk(store: EnvironmentStore, query: Omit<Query, 'after'> = {}): Promise<TokenRecord[]> {
  const { limit = 100 } = query
  const records: TokenRecord[] = []
  const seen = new Set<string>()
  let after: string | undefined
  do {
    const { next, records: found } = await page(store, { ...query, after })
    assert.ok(found.length <= limit, 'a page holds no more than its limit')
    assert.ok(next === undefined || found.length === limit, 'a page before the last is full')
    records.push(...found)
    for (const { id } of found) {
      assert.ok(!seen.has(id), `${id} is listed once`)
      seen.add(id)
    }
    after = next
  } while (after !== undefined)
  return records
}

export async function walkIds(store: EnvironmentStore, query: Omit<Query, 'after'> = {}): Promise<string[]> {
  return idsOf(await walk(store, query))
}

export function idsOf(records: readonly TokenRecord[]): string[] {
  return records.map(({ id }) => id)
}

export function valuesOf<K extends keyof TokenRecord>(records: readonly TokenRecord[], member: K): TokenRecord[K][] {
  return records.map((record) => record[member])
}

export function describeSort({ by, direction }: ListSort): string {
  return `${by} ${direction}`
}

/** How two records must be ordered, ascending; 0 for a tie. Written apart from every store on purpose. */
export function compareBy(by: SortKey, a: TokenRecord, b: TokenRecord): number {
  if (by === 'name') return Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))
  const missing = by === 'expiresAt' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
  const [x, y] = [a[by] ?? missing, b[by] ?? missing]
  return x === y ? 0 : x < y ? -1 : 1
}

export function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i)
}

/** The last millisecond of the year 9999. */
export const LAST_TIME = 253_402_300_799_999

/** Records at the edges of what core lets through. */
export function unusualRecords(): Record<string, TokenRecord> {
  const random = seededRandom(7)
  const emoji = (length: number) =>
    range(length).map(() => randomItem(['\u{1F600}', '\u{1F9FF}', '\uFF5E', 'é'], random))
  return {
    'no optional member': tokenRecord(),
    'every optional member': fullTokenRecord(),
    'a later version': tokenRecord({ version: 12 }),
    'disabled and expired': tokenRecord({ enabled: false, expiresAt: 1 }),
    'times of 0': fullTokenRecord({
      createdAt: 0,
      expiresAt: 0,
      modifiedAt: 0,
      rotatedAt: 0,
      lastUsedAt: 0,
      secrets: [storedSecret({ until: 0, lastUsedAt: 0 })],
    }),
    'the last time': fullTokenRecord({
      createdAt: LAST_TIME,
      expiresAt: LAST_TIME,
      modifiedAt: LAST_TIME,
      rotatedAt: LAST_TIME,
      lastUsedAt: LAST_TIME,
      secrets: [storedSecret({ until: LAST_TIME, lastUsedAt: LAST_TIME })],
    }),
    'used without an address': tokenRecord({ lastUsedAt: 5, secrets: [storedSecret({ lastUsedAt: 5 })] }),
    'a name and owner of 200 code points': tokenRecord({ name: emoji(200).join(''), owner: emoji(200).join('') }),
    'quotes and commas': tokenRecord({ name: `a"b',~\\;--{}[]%_*?`, owner: `o"wn'er, \\{x}:*` }),
    'combining characters': tokenRecord({ name: 'e\u0301 \u00e9 \u202e x', owner: ' e\u0301 ' }),
    'empty metadata': tokenRecord({ metadata: {} }),
    'metadata with unusual keys': tokenRecord({
      metadata: JSON.parse(
        '{"constructor": 1, "": {"": []}, "__proto__": {"x": 1}, "ключ\u{1F600}": "\\u0000\\n", "n": null}',
      ),
    }),
    'metadata of 4 KiB': tokenRecord({ metadata: { text: 'x'.repeat(4_084) } }),
    '100 networks': tokenRecord({ networks: range(100).map((i) => `10.${i}.0.0/16`) }),
    '100 resources of 200 characters': tokenRecord({
      resources: range(100).map((i) => `project:${String(i).padStart(192, '~')}`),
    }),
    'resources of every character': tokenRecord({
      resources: ['a.b_c-D:*', `x:!"#$%&'()+,-./09:;<=>?@AZ[\\]^_\`az{|}~`],
    }),
    '100 scopes of 100 characters': tokenRecord({
      scopes: range(100).map((i) => `${'s'.repeat(98)}${String(i).padStart(2, '0')}`),
    }),
    '8 retired tags': tokenRecord({ retired: range(8).map((i) => `0000000${i}`) }),
    'the longest prefix': tokenRecord({ id: tokenId('a234567890123456') }),
  }
}

/** Changes everything that a shared reference could leak. */
export function scramble(record: TokenRecord): void {
  record.name = 'scrambled'
  record.version = 999
  record.scopes.push('scrambled')
  record.networks.length = 0
  record.resources.push('scrambled:*')
  record.retired.push('ffffffff')
  for (const secret of record.secrets) secret.hash = 'scrambled'
  record.secrets.pop()
  const nested = record.metadata?.nested
  if (typeof nested === 'object' && nested !== null) Object.assign(nested, { list: 'scrambled' })
  if (record.metadata) record.metadata.scrambled = true
}

/** Asserts that these are the ids of the records, each once, in any order. */
export function assertIdsOf(ids: readonly string[], records: readonly TokenRecord[]): void {
  assert.deepStrictEqual([new Set(ids), ids.length], [new Set(idsOf(records)), records.length])
}
