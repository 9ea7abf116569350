import type { ListQuery } from '@latchkey/core/store'
import { haveArrivals } from './arrivals.js'
import type { Database } from './database.js'
import { type Filter, resolveFilter } from './filter.js'
import { countMatches, decodePosition, encodePosition, listPositions, type Position, recordsJson } from './list.js'
import { arrivalPositions, countArrivals, merge, mixedJson } from './list-arrivals.js'
import { knownCount, planCount, planPage } from './plan.js'
import { isLarge, LARGE_PART, type Results } from './protocol.js'

/** Records per part of a small page: the host reads one while the next is made. */
const SMALL_PART = 50

/**
 * One page, in parts of JSON records. The connection must be inside a transaction, so that all of it is of one moment.
 */
export function* pageParts(db: Database, env: number, query: ListQuery): Generator<string, Results['list']> {
  const { sort, limit, after, filter: asked } = query
  const filter = resolveFilter(db, env, asked)
  const arrivals = haveArrivals(db)
  const result: Results['list'] = {}
  if (query.count) {
    result.totalCount = (filter ? totalOf(db, filter) : 0) + (arrivals ? countArrivals(db, env, asked) : 0)
  }
  const position = after === undefined ? undefined : decodePosition(after, sort)
  const wanted = limit + 1
  const filed = filter ? listPositions(db, filter, sort, planPage(db, filter, sort, limit), position, wanted) : []
  const arrived = arrivals ? arrivalPositions(db, env, asked, sort, position, wanted) : []
  const found = arrived.length > 0 ? merge(filed, arrived, sort, wanted) : filed
  const page = found.slice(0, limit)
  const numbers = new Set(arrived.map(({ n }) => n))
  const json = (part: readonly Position[]) =>
    part.some(({ n }) => numbers.has(n)) ? mixedJson(db, part) : recordsJson(db, part)
  const last = page.at(-1)
  if (found.length > limit && last) result.next = encodePosition(last)
  const size = isLarge(limit) ? LARGE_PART : SMALL_PART
  for (let start = 0; start < page.length; start += size) yield json(page.slice(start, start + size))
  return result
}

function totalOf(db: Database, filter: Filter): number {
  return knownCount(filter) ?? countMatches(db, filter, planCount(db, filter))
}
