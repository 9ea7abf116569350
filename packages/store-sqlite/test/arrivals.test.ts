import type { SortKey } from '@latchkey/core'
import type { ListFilter, ListQuery, ListSort, TokenRecord } from '@latchkey/core/store'
import { randomInt, randomItem, readPage, seededRandom, tokenRecord } from '@latchkey/testkit'
import { expect, onTestFinished, test, vi } from 'vitest'
import { arrivalRow, fileArrivals } from '../src/arrivals.js'
import { changesBehind, newestChange } from '../src/change-log.js'
import { openConnections } from '../src/connections.js'
import { type Database, openDatabase, transaction } from '../src/database.js'
import { findToken } from '../src/find.js'
import { sqliteStore } from '../src/index.js'
import { pageParts } from '../src/page.js'
import { SORT_COLUMNS } from '../src/plan.js'
import type { StoredRecord } from '../src/rows.js'
import { insertToken, removeToken } from '../src/write.js'
import { assertConsistent } from './consistency.js'
import { temporaryFolder } from './temporary.js'

const ENV = 1
const SORTS = (Object.keys(SORT_COLUMNS) as SortKey[]).flatMap((by): ListSort[] => [
  { by, direction: 'asc' },
  { by, direction: 'desc' },
])
/** Their order by UTF-16 units is another one. */
const NAMES = ['a', 'b', '\uff5e', '\u{1f600}', 'a\0', 'a\u0001']

const EVERYTHING = { filter: {}, sort: { by: 'name', direction: 'asc' }, limit: 10, count: true } as const

function openWriter(): { db: Database; path: string } {
  const path = `${temporaryFolder()}/tokens.db`
  const { writer, close } = openConnections({
    path,
    busyTimeout: 0,
    durability: 'normal',
    create: true,
    checkIntegrity: false,
  })
  onTestFinished(close)
  writer.exec("INSERT INTO environment (name, dataset, sealing_key) VALUES ('default', '', ''), ('other', '', '')")
  return { db: writer, path }
}

function waiting(path: string): number {
  const db = openDatabase(path, 1_000)
  const [count] = db.sql('SELECT count(*) FROM arrival').get() ?? []
  db.close()
  return Number(count)
}

test('that some tokens are not filed yet changes no list: rows, order, totals and positions', () => {
  const random = seededRandom(41)
  const { db, path } = openWriter()
  const insert = (count: number) => {
    for (let i = 0; i < count; i++) {
      const record = tokenRecord(
        {
          name: randomItem(NAMES, random),
          owner: randomItem(['alice', 'bob', 'carol'], random),
          personal: random() < 0.3,
          scopes: Array.from({ length: randomInt(4, random) }, () => `s${randomInt(5, random)}`),
          createdAt: randomInt(10, random),
        },
        random,
      )
      for (const member of ['expiresAt', 'modifiedAt', 'lastUsedAt'] as const) {
        if (random() < 0.5) record[member] = randomInt(20, random)
      }
      insertToken(db, arrivalRow(random() < 0.8 ? ENV : 2, record))
    }
  }
  transaction(db, 'IMMEDIATE', () => {
    insert(60)
    fileArrivals(db)
    // An owner and a scope that no filed token has.
    insertToken(db, arrivalRow(ENV, tokenRecord({ owner: 'new', scopes: ['new'] }, random)))
    insert(60)
  })
  expect(waiting(path)).toBe(61)

  const queries = Array.from({ length: 400 }, () => randomQuery(random))
  const list = (query: ListQuery) => pageOf(db, query)
  const before = queries.map((query) => walk(list, query))
  // A walk that begins before they are filed and ends behind that comes by the same tokens.
  const begun = queries.map((query) => list(query))
  transaction(db, 'IMMEDIATE', () => fileArrivals(db))
  expect(waiting(path)).toBe(0)
  for (const [i, query] of queries.entries()) {
    const what = JSON.stringify(query)
    expect(walk(list, query), what).toEqual(before[i])
    const { records = [], next } = begun[i] ?? {}
    const rest = next === undefined ? [] : walk(list, { ...query, after: next }).records
    expect([...records, ...rest], what).toEqual(before[i]?.records)
  }
  expect(Math.max(...before.map(({ records }) => records.length))).toBeGreaterThan(90)
  assertConsistent(path)
})

test('a token that is not filed is found by its whole id, in its environment, and is there once', () => {
  const { db, path } = openWriter()
  const record = tokenRecord({ id: 'lk.NEW' })
  transaction(db, 'IMMEDIATE', () => insertToken(db, arrivalRow(ENV, record)))
  expect(findToken(db, ENV, 'lk.NEW')?.record).toEqual(record)
  expect(findToken(db, ENV, 'other.NEW')).toBeUndefined()
  expect(findToken(db, 2, 'lk.NEW')).toBeUndefined()
  const again = () => insertToken(db, arrivalRow(ENV, tokenRecord({ id: 'other.NEW' })))
  const conflict = expect.objectContaining({ code: 'ERR_CONFLICT' })
  expect(again).toThrow(conflict)
  const elsewhere = { ...record, name: 'of another environment' }
  transaction(db, 'IMMEDIATE', () => insertToken(db, arrivalRow(2, elsewhere)))
  expect(findToken(db, 2, 'lk.NEW')?.record).toEqual(elsewhere)
  transaction(db, 'IMMEDIATE', () => fileArrivals(db))
  expect(findToken(db, ENV, 'lk.NEW')?.record).toEqual(record)
  expect(findToken(db, 2, 'lk.NEW')?.record).toEqual(elsewhere)
  expect(again).toThrow(conflict)
  expect(waiting(path)).toBe(0)
})

test('what could not be filed is refused when it comes', () => {
  const { db, path } = openWriter()
  const bad = [
    { scopes: ['fine', 'half \ud83d'] },
    { scopes: new Array<string>(2) },
    { name: '\udc00' },
    { owner: '\udc00' },
    { createdAt: 1.5 },
    { expiresAt: 1e300 },
  ]
  for (const overrides of bad) {
    expect(() => transaction(db, 'IMMEDIATE', () => insertToken(db, arrivalRow(ENV, tokenRecord(overrides))))).toThrow()
  }
  expect(waiting(path)).toBe(0)
})

test('new tokens are filed soon after the last of them, amid many, and when the store is closed', async () => {
  const path = `${temporaryFolder()}/tokens.db`
  const store = sqliteStore({ path })
  const environment = await store.open('default')
  await environment.insert(tokenRecord())
  await vi.waitFor(() => expect(waiting(path)).toBe(0))
  for (let i = 0; i < 100; i++) {
    await environment.insert(tokenRecord())
    expect(waiting(path)).toBeLessThanOrEqual(32)
  }
  await environment.insert(tokenRecord())
  await store.close()
  expect(waiting(path)).toBe(0)
  assertConsistent(path)
})

test('while others hold the lock they wait, and are filed when it is free', async () => {
  const path = `${temporaryFolder()}/tokens.db`
  const store = sqliteStore({ path })
  onTestFinished(() => store.close())
  const environment = await store.open('default')
  await environment.insert(tokenRecord())
  const other = openDatabase(path, 1_000)
  other.exec('BEGIN IMMEDIATE')
  // Longer than it takes until they would be filed.
  for (const start = performance.now(); performance.now() - start < 200; ) await readPage(environment, EVERYTHING)
  expect(await readPage(environment, EVERYTHING)).toMatchObject({ totalCount: 1 })
  other.exec('COMMIT')
  other.close()
  await vi.waitFor(() => expect(waiting(path)).toBe(0))
})

test('a process of an older version, which knows no arrivals, cannot take their numbers', async () => {
  const { path } = openWriter()
  const old = openDatabase(path, 1_000)
  const insert = `INSERT INTO token (env, public, prefix, name, owner, personal, enabled, version, created, expires, modified,
    used, scope_bits, uses, detail) VALUES (1, 'OLD', 'lk', 'n', 1, 0, 1, 1, 0, 0, -1, -1, 0, '[]', '{}')`
  expect(() => old.exec(insert)).toThrow('no column named')
  old.close()
})

test('their coming is told in its place, once, filed or not', () => {
  const { db, path } = openWriter()
  const records = Array.from({ length: 6 }, () => tokenRecord())
  const [first, second, third, ...rest] = records.map(({ id }) => id) as [string, string, string, ...string[]]
  const told = (seq: number, limit = 100) => changesBehind(db, seq, limit).map(({ id }) => id)
  const write = (body: () => unknown) => transaction(db, 'IMMEDIATE', body)
  expect(newestChange(db)).toBe(0)
  for (const record of records.slice(0, 2)) write(() => insertToken(db, arrivalRow(ENV, record)))
  expect([told(0), told(1), told(2), newestChange(db)]).toEqual([[first, second], [second], [], 2])
  write(() => fileArrivals(db))
  for (const record of records.slice(2)) write(() => insertToken(db, arrivalRow(ENV, record)))
  expect([told(0), told(0, 3), told(2)]).toEqual([
    [first, second, third, ...rest],
    [first, second, third],
    [third, ...rest],
  ])
  expect(() => write(() => insertToken(db, arrivalRow(ENV, records[5] as TokenRecord)))).toThrow('exists already')
  write(() => {
    fileArrivals(db)
    removeToken(db, ENV, first)
  })
  expect([told(0), newestChange(db)]).toEqual([[first, second, third, ...rest, first], 7])
  assertConsistent(path)
})

test('metadata of any depth hinders no list', async () => {
  const { db } = openWriter()
  let metadata: Record<string, unknown> = {}
  for (let i = 0; i < 2_000; i++) metadata = { metadata }
  const record = tokenRecord({ metadata, scopes: ['deep'] })
  transaction(db, 'IMMEDIATE', () => insertToken(db, arrivalRow(ENV, record)))
  const filter = { scopes: ['deep', 'other'] }
  expect(pageOf(db, { ...EVERYTHING, filter })).toMatchObject({ totalCount: 1 })
  transaction(db, 'IMMEDIATE', () => fileArrivals(db))
  expect(pageOf(db, { ...EVERYTHING, filter })).toMatchObject({ totalCount: 1 })
})

test('what another process took in and never filed is changed, listed and removed like all else', async () => {
  const path = `${temporaryFolder()}/tokens.db`
  const first = sqliteStore({ path })
  await (await first.open('default')).insert(tokenRecord())
  await first.close()
  const [kept, removed] = [tokenRecord({ name: 'kept' }), tokenRecord({ name: 'removed' })]
  const other = openDatabase(path, 1_000)
  transaction(other, 'IMMEDIATE', () => {
    for (const record of [kept, removed]) insertToken(other, arrivalRow(ENV, record))
  })
  other.close()
  expect(waiting(path)).toBe(2)
  const store = sqliteStore({ path })
  onTestFinished(() => store.close())
  const environment = await store.open('default')
  expect(await environment.find(kept.id)).toEqual(kept)
  expect(await readPage(environment, EVERYTHING)).toMatchObject({ totalCount: 3 })
  expect(await environment.remove(removed.id)).toBe(true)
  expect(waiting(path)).toBe(0)
  expect(await environment.update(kept.id, { enabled: false }, 1)).toEqual({ ...kept, enabled: false, version: 2 })
  expect(await readPage(environment, EVERYTHING)).toMatchObject({ totalCount: 2 })
  assertConsistent(path)
})

interface Page {
  records: StoredRecord[]
  next?: string
  totalCount?: number
}

function pageOf(db: Database, query: ListQuery): Page {
  const parts = pageParts(db, ENV, query)
  const records: StoredRecord[] = []
  for (;;) {
    const { done, value } = parts.next()
    if (done) return { records, ...value }
    records.push(...(JSON.parse(value) as StoredRecord[]))
  }
}

/** All pages; the total is that of the first. */
function walk(list: (query: ListQuery) => Page, query: ListQuery): { records: StoredRecord[]; totals: unknown[] } {
  const records: StoredRecord[] = []
  const totals: unknown[] = []
  let after = query.after
  do {
    const page = list({ ...query, ...(after === undefined ? {} : { after }) })
    records.push(...page.records)
    totals.push(page.totalCount, page.next)
    after = page.next
  } while (after !== undefined)
  return { records, totals }
}

function randomQuery(random: () => number): ListQuery {
  const filter: ListFilter = {}
  if (random() < 0.4) filter.owner = randomItem(['alice', 'bob', 'new', 'nobody'], random)
  if (random() < 0.3) filter.personal = random() < 0.5
  if (random() < 0.4)
    filter.scopes = [randomItem(['s1', 's2', 'new', 'none'], random), 's3'].slice(randomInt(2, random))
  if (random() < 0.4) {
    const from = randomInt(20, random)
    filter.lastUsed = randomItem([{ from }, { to: from }, { from, to: from + 5 }], random)
  }
  return { filter, sort: randomItem(SORTS, random), limit: 1 + randomInt(20, random), count: random() < 0.5 }
}
