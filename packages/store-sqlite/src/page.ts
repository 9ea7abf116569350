import type { ListQuery } from '@latchkey/core'
import type { Database } from './database.js'
import { type Filter, resolveFilter } from './filter.js'
import { countMatches, decodePosition, encodePosition, listPositions, type Position, recordsJson } from './list.js'
import { arrivalPositions, countArrivals, haveArrivals, merge, mixedJson } from './list-arrivals.js'
import { knownCount, planCount, planPage } from './plan.js'
import type { Results } from './protocol.js'

/** Records per piece of a page: about a millisecond's work for either thread, and all of most pages. */
const PIECE = 200

/** The last piece of a page, if it is not empty, and what else belongs to the page. */
export interface PageEnd {
  json?: string
  result: Results['list']
}

/**
 * One page, in pieces of JSON records; most pages are one piece, and none is yielded. The connection must be inside a
 * transaction, so that all of it is of one moment.
 */
export function* pagePieces(db: Database, env: number, query: ListQuery): Generator<string, PageEnd> {
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
  const json = (piece: readonly Position[]) =>
    piece.some(({ n }) => numbers.has(n)) ? mixedJson(db, piece) : recordsJson(db, piece)
  const last = page.at(-1)
  if (found.length > limit && last) result.next = encodePosition(last)
  if (page.length === 0) return { result }
  let start = 0
  for (; start + PIECE < page.length; start += PIECE) yield json(page.slice(start, start + PIECE))
  return { json: json(page.slice(start)), result }
}

function totalOf(db: Database, filter: Filter): number {
  return knownCount(filter) ?? countMatches(db, filter, planCount(db, filter))
}
