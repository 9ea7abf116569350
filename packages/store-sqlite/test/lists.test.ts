import { memoryStore } from '@latchkey/core'
import type {
  EnvironmentStore,
  ListFilter,
  ListQuery,
  ListSort,
  SortKey,
  TimeRange,
  TokenRecord,
} from '@latchkey/core/store'
import { randomInt, randomItem, readPage, seededRandom, tokenRecord } from '@latchkey/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { sqliteStore } from '../src/index.js'
import { assertConsistent } from './support/consistency.js'
import { edit, temporaryFolder } from './support/files.js'

// What the contract does not know of: days, characters of scopes, NUL, and more rows than a chunk has.

const DAY = 86_400_000
const SORTS: readonly SortKey[] = ['name', 'lastUsedAt', 'createdAt', 'expiresAt', 'modifiedAt']
const OWNERS = ['alice', 'alice', 'alice', 'bob', 'carol']
const SCOPES = Array.from({ length: 70 }, (_, i) => `scope.${i}`)

test('pages and totals are those of the memory store, also at the borders of days and after many changes', async () => {
  const random = seededRandom(77)
  const path = `${temporaryFolder()}/tokens.db`
  const store = sqliteStore({ path })
  const [sqlite, memory] = [await store.open('default'), await memoryStore().open('default')]
  for (let i = 0; i < 15; i++) {
    const records = Array.from({ length: 100 }, () => randomToken(random))
    await onBoth(async (environment) => {
      await Promise.all(records.map((record) => environment.insert(record)))
      await Promise.all(records.map((record, n) => change(environment, record, n)))
    })
  }
  async function onBoth(run: (environment: EnvironmentStore) => Promise<void>): Promise<void> {
    await run(sqlite)
    await run(memory)
  }
  for (let i = 0; i < 150; i++) {
    const query = { ...randomQuery(random), limit: randomItem([7, 50, 450], random), count: random() < 0.5 }
    let [after, asked]: [string | undefined, string | undefined] = [undefined, undefined]
    for (let page = 0; page < 4; page++) {
      const found = await readPage(sqlite, withAfter(query, after))
      const expected = await readPage(memory, withAfter(query, asked))
      const what = `${JSON.stringify(query)}, page ${page}`
      expect(found.records, what).toEqual(expected.records)
      expect([found.totalCount, found.next !== undefined], what).toEqual([
        expected.totalCount,
        expected.next !== undefined,
      ])
      ;[after, asked] = [found.next, expected.next]
      if (after === undefined) break
    }
  }
  await store.close()
  assertConsistent(path)
})

/** What happens to the record with this number, the same on every store. */
async function change(environment: EnvironmentStore, { id, createdAt }: TokenRecord, n: number): Promise<void> {
  const at = (createdAt * 7_919 + n * DAY) % (10 * DAY)
  if (n % 5 === 0) await environment.remove(id)
  else if (n % 5 === 1) {
    const scopes = [`scope.${n % 70}`, `scope.${n % 7}`]
    await environment.update(id, { scopes, name: `n${n}`, modifiedAt: at, expiresAt: null, enabled: n % 2 === 0 }, 1)
  } else if (n % 5 === 2) await environment.touch([{ id, gen: 1, at }])
}

test('more scopes than one range of characters has are told apart', async () => {
  const path = `${temporaryFolder()}/tokens.db`
  const first = sqliteStore({ path })
  await (await first.open('default')).insert(tokenRecord())
  await first.close()
  // The next ones lie around the surrogates.
  edit(path, "INSERT INTO scope VALUES (55037, 1, 'a scope of some time', 0, 0)")
  const store = sqliteStore({ path })
  const environment = await store.open('default')
  const scopes = Array.from({ length: 6 }, (_, i) => `late.${i}`)
  for (const scope of scopes) await environment.insert(tokenRecord({ name: scope, scopes: [scope, 'shared'] }))
  const names = async (filter: ListFilter) => {
    const sort = { by: 'name', direction: 'asc' } as const
    const { records, totalCount } = await readPage(environment, { filter, sort, limit: 10, count: true })
    expect(totalCount).toBe(records.length)
    return records.map(({ name }) => name)
  }
  for (const scope of scopes) expect(await names({ scopes: [scope] })).toEqual([scope])
  expect(await names({ scopes: ['late.5', 'late.1'] })).toEqual(['late.1', 'late.5'])
  expect(await names({ scopes: ['shared'] })).toEqual(scopes)
  await store.close()
  edit(path, 'DELETE FROM scope WHERE tokens = 0')
  assertConsistent(path)
})

test('a token with new scopes is stored as fast as ever, however many scopes there are', async () => {
  const path = `${temporaryFolder()}/tokens.db`
  const store = sqliteStore({ path, durability: 'normal' })
  onTestFinished(() => store.close())
  const environment = await store.open('default')
  edit(
    path,
    `WITH RECURSIVE i (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < 100000)
     INSERT INTO scope (environment_id, name, tokens, personal_tokens) SELECT 1, 'known.' || i, 0, 0 FROM i`,
  )
  const begun = performance.now()
  await environment.insert(tokenRecord({ scopes: Array.from({ length: 100 }, (_, i) => `new.${i}`) }))
  expect(performance.now() - begun).toBeLessThan(1_000)
})

test('text with NUL and U+0001 is kept, found and ordered by code points', async () => {
  const store = sqliteStore({ path: `${temporaryFolder()}/tokens.db` })
  onTestFinished(() => store.close())
  const environment = await store.open('default')
  const names = ['', '\0', '\0\0', '\0\u0001', '\0a', '\u0001', '\u0001\0', '\u0001\u0001', '\u0001\u0002', '\u0002']
  names.push('a', 'a\0', 'a\0b', 'ab')
  for (const name of [...names].reverse()) {
    await environment.insert(tokenRecord({ name, owner: `${name}!`, scopes: [name] }))
  }
  const query: ListQuery = { filter: {}, sort: { by: 'name', direction: 'asc' }, limit: 1, count: true }
  const walked: string[] = []
  let after: string | undefined
  do {
    const page = await readPage(environment, withAfter(query, after))
    walked.push(...page.records.map(({ name }) => name))
    after = page.next
  } while (after !== undefined)
  expect(walked).toEqual(names)
  for (const name of names) {
    for (const filter of [{ owner: `${name}!` }, { scopes: [name] }]) {
      const { records, totalCount } = await readPage(environment, { ...query, filter })
      expect([records.map((record) => record.name), totalCount]).toEqual([[name], 1])
    }
  }
})

test('metadata of any depth hinders no list', async () => {
  const store = sqliteStore({ path: `${temporaryFolder()}/tokens.db` })
  onTestFinished(() => store.close())
  const environment = await store.open('default')
  let metadata: Record<string, unknown> = {}
  for (let i = 0; i < 2_000; i++) metadata = { metadata }
  const record = tokenRecord({ metadata, scopes: ['deep'] })
  await environment.insert(record)
  const filter = { scopes: ['deep', 'other'] }
  const page = await readPage(environment, { filter, sort: { by: 'name', direction: 'asc' }, limit: 10, count: true })
  expect(page).toMatchObject({ totalCount: 1, records: [{ id: record.id }] })
})

test('a position of another store or sort is refused', async () => {
  const store = sqliteStore({ path: `${temporaryFolder()}/tokens.db` })
  onTestFinished(() => store.close())
  const environment = await store.open('default')
  const query = { filter: {}, sort: { by: 'name', direction: 'asc' }, limit: 1, count: false } as const
  await environment.insert(tokenRecord())
  for (const after of ['', 'x', '{}', 'null', '[1,2]', '["a"]', '["a","b"]']) {
    const listed = environment.list({ ...query, after })
    await expect(listed, after).rejects.toMatchObject({ code: 'ERR_STORE' })
  }
})

function withAfter(query: ListQuery, after: string | undefined): ListQuery {
  return after === undefined ? query : { ...query, after }
}

function randomToken(random: () => number): TokenRecord {
  const record = tokenRecord(
    {
      name: `n${randomInt(90, random)}`,
      owner: randomItem(OWNERS, random),
      personal: random() < 0.3,
      enabled: random() < 0.8,
      scopes: Array.from({ length: randomInt(6, random) }, () => randomScope(random)),
      createdAt: random() < 0.5 ? randomInt(100, random) : randomTime(random),
    },
    random,
  )
  for (const member of ['expiresAt', 'modifiedAt', 'lastUsedAt'] as const) {
    if (random() < 0.5) record[member] = randomTime(random)
  }
  return record
}

/** Often the first or the last moment of a day. */
function randomTime(random: () => number): number {
  const time = randomInt(10 * DAY, random)
  if (random() < 0.5) return time
  return time - (time % DAY) + (random() < 0.5 ? 0 : DAY - 1)
}

function randomRange(random: () => number): TimeRange {
  const [from, to] = [randomTime(random), randomTime(random)].sort((a, b) => a - b) as [number, number]
  return randomItem([{ from }, { to }, { from, to }, { from, to: from + DAY - 1 }], random)
}

/** The first ones are held by most tokens, the last ones by few. */
function randomScope(random: () => number): string {
  return SCOPES[Math.floor(random() ** 2 * 70)] ?? ''
}

function randomQuery(random: () => number): { filter: ListFilter; sort: ListSort } {
  const filter: ListFilter = {}
  if (random() < 0.5) filter.owner = randomItem([...OWNERS, 'nobody'], random)
  if (random() < 0.3) filter.personal = random() < 0.5
  if (random() < 0.6) filter.scopes = Array.from({ length: 1 + randomInt(3, random) }, () => randomScope(random))
  if (random() < 0.2) filter.enabled = random() < 0.8
  if (random() < 0.4) filter.lastUsed = randomRange(random)
  if (random() < 0.2) filter.expires = randomRange(random)
  if (random() < 0.2) filter.created = randomRange(random)
  if (random() < 0.2) filter.unusedSince = randomTime(random)
  return { filter, sort: { by: randomItem(SORTS, random), direction: random() < 0.5 ? 'asc' : 'desc' } }
}
