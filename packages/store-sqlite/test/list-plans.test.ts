import type { ListFilter, ListSort, SortKey } from '@latchkey/core/store'
import { tokenRecord } from '@latchkey/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sqliteStore } from '../src/index.js'
import { type Database, openDatabase } from '../src/shared/database.js'
import { readPage } from '../src/worker/list.js'
import { SORT_COLUMNS } from '../src/worker/schema.js'
import { temporaryFolder } from './support/files.js'

// How SQLite carries out the queries of lists, as EXPLAIN QUERY PLAN tells it.

const path = `${temporaryFolder(afterAll)}/tokens.db`
let db: Database
let plans: string[] = []

beforeAll(async () => {
  const store = sqliteStore({ path })
  const environment = await store.open('default')
  for (const name of ['a', 'b', 'c']) await environment.insert(tokenRecord({ name, lastUsedAt: 1, expiresAt: 5 }))
  await store.close()
  db = openDatabase(path, 0)
  afterAll(() => db.close())
})

/** The same connection; notes the plan of each query. */
function spy(): Database {
  const note = (sql: string, values: Parameters<Database['all']>[1][]) => {
    const steps = db.all(`EXPLAIN QUERY PLAN ${sql}`, ...values)
    plans.push(...steps.map((step) => String(step[3])))
  }
  return {
    ...db,
    get(sql, ...values) {
      note(sql, values)
      return db.get(sql, ...values)
    },
    all(sql, ...values) {
      note(sql, values)
      return db.all(sql, ...values)
    },
  }
}

/** The plans of the queries on tokens, for the first page and the one behind it. */
function plansOf(filter: ListFilter, sort: ListSort, count = false): string[] {
  plans = []
  const page = readPage(spy(), 1, { filter, sort, limit: 1, count })
  let end = page.next()
  while (!end.done) end = page.next()
  return plans.filter((plan) => plan.includes('token'))
}

const FILTERS: Record<string, ListFilter> = {
  'no filter': {},
  personal: { personal: false },
  scopes: { scopes: ['reports.read', 'none'] },
  'last use': { lastUsed: { from: 0, to: 2 } },
  state: { enabled: true },
  expiry: { expires: { from: 0, to: 10 } },
  creation: { created: { from: 0 } },
  'no use since': { unusedSince: 2_000_000_000_000 },
  'all but the owner': {
    ...{ personal: false, enabled: true, scopes: ['reports.read'], lastUsed: { from: 1 } },
    ...{ expires: { to: 10 }, created: { from: 0, to: 2_000_000_000_000 }, unusedSince: 2_000_000_000_000 },
  },
}
const SORTS = Object.keys(SORT_COLUMNS).flatMap((by) =>
  (['asc', 'desc'] as const).map((direction): ListSort => ({ by: by as SortKey, direction })),
)
const BEGIN = { token_by_: 'environment_id=?', token_of_owner_by_: 'owner_id=?' }

describe.each(Object.entries(FILTERS))('filtered by %s', (_what, filter) => {
  test.each(SORTS)('a page sorted by $by $direction walks one index, from its position on', (sort) => {
    for (const indexes of ['token_by_', 'token_of_owner_by_'] as const) {
      const owned = indexes === 'token_by_' ? filter : { ...filter, owner: 'alice' }
      const search = `SEARCH token USING INDEX ${indexes}${SORT_COLUMNS[sort.by]} (${BEGIN[indexes]}`
      expect(plansOf(owned, sort)).toEqual([
        `${search}${bounds(filter, sort, false)})`,
        `${search}${bounds(filter, sort, true)})`,
      ])
    }
  })
})

/** The bounds in the index: those of the filter on the time of the sort, and behind a position the position for one of them. */
function bounds({ lastUsed, expires, created, unusedSince }: ListFilter, sort: ListSort, isBehind: boolean): string {
  const column = SORT_COLUMNS[sort.by]
  const has = {
    ...{ name: [false, false], modifiedAt: [false, false], createdAt: [created?.from, created?.to] },
    // Never used and never expiring are no times: they are bounds of their own.
    lastUsedAt: [lastUsed && 0, lastUsed?.to ?? unusedSince],
    expiresAt: [expires?.from, expires && 0],
  }[sort.by].map((bound) => bound !== undefined && bound !== false)
  const [lower, upper] = [has[0] ? ` AND ${column}>?` : '', has[1] ? ` AND ${column}<?` : '']
  if (!isBehind) return lower + upper
  // SQLite names the lower bound first.
  return sort.direction === 'asc' ? ` AND (${column},seq)>(?,?)${upper}` : `${lower} AND (${column},seq)<(?,?)`
}

const BY_NAME: ListSort = { by: 'name', direction: 'asc' }

test('a total that counters do not tell is counted in one covering index', () => {
  for (const [indexes, owner] of [
    ['token_by_', {}],
    ['token_of_owner_by_', { owner: 'alice' }],
  ] as const) {
    const filter = { ...owner, personal: false, enabled: true, scopes: ['reports.read'] }
    const planOf = (more: ListFilter) => plansOf({ ...filter, ...more }, BY_NAME, true)[0]
    const search = (column: string) => `SEARCH token USING COVERING INDEX ${indexes}${column} (${BEGIN[indexes]}`
    expect(planOf({})).toBe(`${search('last_used_at')})`)
    expect(planOf({ lastUsed: { from: 0 } })).toBe(`${search('last_used_at')} AND last_used_at>?)`)
    expect(planOf({ expires: { from: 0 } })).toBe(`${search('expires_at')} AND expires_at>? AND expires_at<?)`)
    expect(planOf({ created: { to: 5 } })).toBe(`${search('created_at')} AND created_at<?)`)
  }
})

test('counters tell the totals of everything, of an owner, of a scope, and of the personal ones among them', () => {
  for (const filter of [{}, { owner: 'alice' }, { scopes: ['reports.read'] }]) {
    for (const personal of [{}, { personal: true }, { personal: false }]) {
      const plans = plansOf({ ...filter, ...personal }, BY_NAME, true)
      expect(plans.filter((plan) => plan.includes('COVERING'))).toEqual([])
    }
  }
})
