import type { SortKey } from '@latchkey/core'
import type { ListFilter, ListSort, TokenRecord } from '@latchkey/core/store'
import { randomInt, randomItem, seededRandom, tokenRecord } from '@latchkey/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { arrivalRow, fileArrivals } from '../src/arrivals.js'
import { openConnections } from '../src/connections.js'
import { type Database, transaction } from '../src/database.js'
import { rangeSize } from '../src/estimate.js'
import { type Filter, resolveFilter } from '../src/filter.js'
import { countMatches, listPositions } from '../src/list.js'
import { type Access, type CountAccess, knownCount, planCount, planPage, SORT_COLUMNS } from '../src/plan.js'
import { insertToken, removeToken, touchTokens, updateToken } from '../src/write.js'
import { assertConsistent } from './consistency.js'
import { temporaryFolder } from './temporary.js'

const TOKENS = 3_000
const DAY = 86_400_000
/** All times lie before. */
const LATEST = 10 * DAY
const ENV = 1
const OWNERS = ['alice', 'alice', 'alice', 'alice', 'bob', 'carol']
/** More than have a bit of their own. */
const SCOPES = Array.from({ length: 70 }, (_, i) => `scope.${i}`)
const SORTS = (Object.keys(SORT_COLUMNS) as SortKey[]).flatMap((by): ListSort[] => [
  { by, direction: 'asc' },
  { by, direction: 'desc' },
])
const random = seededRandom(77)
const path = `${temporaryFolder(afterAll)}/tokens.db`
let db: Database
let close: () => void

beforeAll(() => {
  const connections = openConnections({
    path,
    busyTimeout: 0,
    durability: 'normal',
    create: true,
    checkIntegrity: false,
  })
  db = connections.writer
  close = connections.close
  db.exec("INSERT INTO environment (name, dataset, sealing_key) VALUES ('default', '', '')")
  transaction(db, 'IMMEDIATE', () => {
    insertToken(db, arrivalRow(ENV, { ...randomToken(), owner: 'rare', scopes: ['rare.scope'], lastUsedAt: LATEST }))
    for (let i = 0; i < TOKENS; i++) {
      const record = randomToken()
      insertToken(db, arrivalRow(ENV, record))
      fileArrivals(db)
      const choice = random()
      if (choice < 0.2) removeToken(db, ENV, record.id)
      else if (choice < 0.4)
        updateToken(db, ENV, record.id, { scopes: someScopes(4), name: `n${randomInt(90, random)}` }, 1)
      else if (choice < 0.6) touchTokens(db, ENV, [{ id: record.id, gen: 1, at: randomTime() }])
    }
  })
})
afterAll(() => close())

test('every access gives the same rows and counts for a filter, from every position', () => {
  for (let i = 0; i < 300; i++) {
    const asked = randomFilter()
    const filter = resolveFilter(db, ENV, asked)
    if (!filter) continue
    const sort = randomItem(SORTS, random)
    const accesses = accessesOf(filter, sort)
    const all = listPositions(db, filter, sort, { kind: 'walk', by: 'sort' }, undefined, TOKENS)
    const after = all[randomInt(all.length + 1, random)]
    const expected = after ? all.slice(all.indexOf(after) + 1, all.indexOf(after) + 51) : all.slice(0, 50)
    for (const access of accesses) {
      const what = JSON.stringify({ asked, sort, access })
      expect(listPositions(db, filter, sort, access, after, 50), what).toEqual(expected)
    }
    for (const along of countsOf(filter)) {
      expect(countMatches(db, filter, along), `${along} of ${JSON.stringify(asked)}`).toBe(all.length)
    }
    expect([all.length, undefined]).toContain(knownCount(filter))
    expect(accesses).toContainEqual(planPage(db, filter, sort, 50))
    expect(countsOf(filter)).toContain(planCount(db, filter))
  }
})

test('no walk sorts, and none of them leaves its index before a row matches', () => {
  const asked: ListFilter = { owner: 'alice', personal: true, scopes: ['scope.1', 'scope.2'] }
  const filter = resolveFilter(db, ENV, asked)
  if (!filter) throw new Error('alice has tokens')
  const planned: string[] = []
  const spy: Database = {
    ...db,
    sql(text) {
      planned.push(
        ...db
          .sql(`EXPLAIN QUERY PLAN ${text}`)
          .all()
          .map((row) => String(row[3])),
      )
      return db.sql(text)
    },
  }
  for (const sort of SORTS) {
    const [first] = listPositions(spy, filter, sort, { kind: 'walk', by: 'sort' }, undefined, 1)
    listPositions(spy, filter, sort, { kind: 'walk', by: 'sort' }, first, TOKENS)
    const column = SORT_COLUMNS[sort.by]
    const behind = sort.direction === 'asc' ? '>' : '<'
    const search = `SEARCH t USING COVERING INDEX token_by_${column}`
    const searches = ['env=?', `env=? AND ${column}=? AND n${behind}?`, `env=? AND ${column}${behind}?`]
    expect(planned.splice(0)).toEqual(
      // Row by row into the JSON of all.
      searches.flatMap((by) => ['CO-ROUTINE (subquery-1)', `${search} (${by})`, 'SCAN (subquery-1)']),
    )
  }
})

test('planning follows the numbers: rare criteria are gathered, common ones walked past', () => {
  const plan = (asked: ListFilter, sort: ListSort): Access | undefined => {
    const filter = resolveFilter(db, ENV, asked)
    return filter && planPage(db, filter, sort, 50)
  }
  const byName: ListSort = { by: 'name', direction: 'asc' }
  expect(plan({}, byName)).toEqual({ kind: 'walk', by: 'sort' })
  expect(plan({ personal: true }, byName)).toEqual({ kind: 'walk', by: 'sort' })
  expect(plan({ owner: 'alice' }, byName)).toEqual({ kind: 'walk', by: 'sort' })
  expect(plan({ owner: 'alice' }, { by: 'createdAt', direction: 'desc' })).toEqual({ kind: 'walk', by: 'sort' })
  expect(plan({ owner: 'alice' }, { by: 'lastUsedAt', direction: 'desc' })).toEqual({ kind: 'walk', by: 'owner' })
  expect(plan({ owner: 'nobody' }, byName)).toBeUndefined()
  expect(plan({ owner: 'rare' }, byName)).toEqual({ kind: 'gather', by: 'owner' })
  expect(plan({ scopes: ['rare.scope'] }, byName)).toEqual({ kind: 'gather', by: 'scopes' })
  expect(plan({ lastUsed: { from: LATEST - 1 } }, byName)).toEqual({ kind: 'gather', by: 'used' })
  expect(plan({ lastUsed: { from: 0 } }, { by: 'lastUsedAt', direction: 'asc' })).toEqual({ kind: 'walk', by: 'sort' })
})

test('the estimate of a range knows how many tokens its first and last day have, also where few lie in it', () => {
  const filter = resolveFilter(db, ENV, { lastUsed: { from: 5 * DAY + 1, to: 5 * DAY + 2 } })
  if (!filter) throw new Error('anything may match')
  const [ofDay] = db.sql('SELECT count(*) FROM token WHERE used_day = 5').get() ?? []
  const { within, edges } = rangeSize(db, filter)
  expect(within).toBe(1)
  expect(edges / Number(ofDay)).toBeGreaterThan(0.3)
  expect(edges / Number(ofDay)).toBeLessThan(3)
})

test('all numbers of the file agree after all that', () => {
  expect(db.sql('SELECT count(*) FROM scope WHERE bit = 52').get()?.[0]).toBeGreaterThan(5)
  assertConsistent(path)
})

function randomToken(): TokenRecord {
  const record = tokenRecord(
    {
      name: `n${randomInt(90, random)}`,
      owner: randomItem(OWNERS, random),
      personal: random() < 0.3,
      scopes: someScopes(5),
      createdAt: randomInt(100, random),
    },
    random,
  )
  for (const member of ['expiresAt', 'modifiedAt', 'lastUsedAt'] as const) {
    if (random() < 0.5) record[member] = randomTime()
  }
  return record
}

/** Some are the first moment of a day. */
function randomTime(): number {
  return random() < 0.3 ? randomInt(10, random) * DAY : randomInt(LATEST - 10, random)
}

/** The first ones are held by most tokens, the last ones by few. */
function someScopes(most: number): string[] {
  return Array.from({ length: randomInt(most + 1, random) }, () => SCOPES[Math.floor(random() ** 2 * 70)] ?? '')
}

function randomFilter(): ListFilter {
  const filter: ListFilter = {}
  if (random() < 0.5) filter.owner = randomItem(OWNERS, random)
  if (random() < 0.3) filter.personal = random() < 0.5
  if (random() < 0.6) filter.scopes = Array.from({ length: 1 + randomInt(3, random) }, () => randomItem(SCOPES, random))
  if (random() < 0.5) {
    const [from, to] = [randomTime(), randomTime()].sort((a, b) => a - b) as [number, number]
    filter.lastUsed = randomItem([{ from }, { to }, { from, to }, { from, to: from + DAY - 1 }], random)
  }
  return filter
}

function accessesOf({ owner, scopes, used }: Filter, { by }: ListSort): Access[] {
  const accesses: Access[] = [{ kind: 'walk', by: 'sort' }]
  if (owner && by === 'lastUsedAt') accesses.push({ kind: 'walk', by: 'owner' })
  if (owner) accesses.push({ kind: 'gather', by: 'owner' })
  if (scopes) accesses.push({ kind: 'gather', by: 'scopes' })
  if (used) accesses.push({ kind: 'gather', by: 'used' })
  return accesses
}

function countsOf({ owner, scopes, used }: Filter): CountAccess[] {
  const accesses: CountAccess[] = ['all']
  if (owner) accesses.push('owner')
  if (scopes) accesses.push('scopes')
  if (used) accesses.push('used')
  return accesses
}
