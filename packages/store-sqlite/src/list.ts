import type { ListSort } from '@latchkey/core/store'
import type { Cell, Database } from './database.js'
import { type Condition, type Filter, facetConditions, usedByDay, usedCondition } from './filter.js'
import { type Access, type CountAccess, SORT_COLUMNS } from './plan.js'
import { Problem } from './problem.js'
import { RECORD_JSON } from './rows.js'

/** Where a page ended: the sort value and the number of its last row. */
export interface Position {
  value: string | number
  n: number
}

/** At most `limit` positions behind `after`, in order. */
export function listPositions(
  db: Database,
  filter: Filter,
  sort: ListSort,
  access: Access,
  after: Position | undefined,
  limit: number,
): Position[] {
  const column = SORT_COLUMNS[sort.by]
  const behind = sort.direction === 'asc' ? '>' : '<'
  const direction = sort.direction.toUpperCase()

  function select(extra: Condition[], wanted: number): Position[] {
    const conditions = [...accessConditions(filter, access), ...extra]
    const where = conditions.map(({ sql }) => sql).join(' AND ')
    const values = conditions.flatMap(({ values }) => values)
    const text = `SELECT t.n, t.${column} AS value FROM token t ${indexOf(access, column)} WHERE ${where}
      ORDER BY t.${column} ${direction}, t.n ${direction} LIMIT ?`
    // One cell of JSON for all: the binding takes a multiple of that time to hand out as many rows.
    const [json] = db.sql(`SELECT json_group_array(json_array(n, value)) FROM (${text})`).get(...values, wanted) ?? []
    return (JSON.parse(String(json)) as [number, string | number][]).map(([n, value]) => ({ n, value }))
  }

  if (!after) return select(rangeConditions(filter, access, column), limit)
  const { value, n } = after
  if (access.kind === 'gather') {
    const sql = `(t.${column} ${behind} ? OR (t.${column} = ? AND t.n ${behind} ?))`
    return select([{ sql, values: [value, value, n] }, ...rangeConditions(filter, access, column)], limit)
  }
  // Two searches, since SQLite scans all ties of a comparison of pairs: first the rest of the ties, then what follows.
  const tie = { sql: `t.${column} = ? AND t.n ${behind} ?`, values: [value, n] }
  const ties = select([tie, ...rangeConditions(filter, access, column)], limit)
  if (ties.length === limit) return ties
  return [...ties, ...select(rangeConditions(filter, access, column, { behind, value }), limit - ties.length)]
}

/** How many match, counted along the index of one criterion. */
export function countMatches(db: Database, filter: Filter, along: CountAccess): number {
  const access: Access = along === 'all' ? { kind: 'walk', by: 'sort' } : { kind: 'gather', by: along }
  const conditions = [...accessConditions(filter, access), ...usedCondition(filter)]
  const where = conditions.map(({ sql }) => sql).join(' AND ')
  const text = `SELECT count(*) FROM token t ${indexOf(access, 'created')} WHERE ${where}`
  return Number(db.sql(text).get(...conditions.flatMap(({ values }) => values))?.[0])
}

/** JSON of the records at the positions, of which there must be some: a list of `StoredRecord`, in their order. */
export function recordsJson(db: Database, positions: readonly Position[]): string {
  // The outer loop of a cross join runs in the order of the numbers, and so do the rows come to the aggregate; a sort
  // would move whole records about. One cell for all of them is fetched sooner than some for each.
  return joinedJson(
    db,
    positions,
    `SELECT group_concat(${RECORD_JSON}) FROM json_each(?) p CROSS JOIN token t ON t.n = p.value`,
  )
}

/** What the statement makes of the numbers of the positions. */
export function joinedJson(db: Database, positions: readonly Position[], sql: string): string {
  const [json] = db.sql(sql).get(JSON.stringify(positions.map(({ n }) => n))) ?? []
  if (typeof json !== 'string') throw new Problem('The records of a page are gone: the file is damaged.')
  return `[${json}]`
}

export function encodePosition({ value, n }: Position): string {
  return JSON.stringify([value, n])
}

export function decodePosition(text: string, { by }: ListSort): Position {
  let parts: unknown
  try {
    parts = JSON.parse(text)
  } catch {
    parts = undefined
  }
  if (Array.isArray(parts) && parts.length === 2) {
    const [value, n]: unknown[] = parts
    if (typeof n === 'number' && typeof value === 'string' && by === 'name') return { value, n }
    if (typeof n === 'number' && typeof value === 'number' && by !== 'name') return { value, n }
  }
  throw new Problem('The position to go on from is none of this store and sort.')
}

function indexOf(access: Access, column: string): string {
  if (access.by === 'sort') return `INDEXED BY token_by_${column}`
  // Rows of scopes are found by their number.
  return access.by === 'scopes' ? 'NOT INDEXED' : `INDEXED BY token_by_${access.by}`
}

/** All conditions but those on the last use and the position. What leads the index comes first. */
function accessConditions(filter: Filter, { by }: Access): Condition[] {
  const inEnvironment: Condition = { sql: 't.env = ?', values: [filter.env] }
  const facets = facetConditions(filter)
  // The index of owners has no environment: an owner's number belongs to one.
  if (by === 'owner') return facets
  if (by !== 'scopes' || !filter.scopes) return [inEnvironment, ...facets]
  const numbers = filter.scopes.map(({ scope }) => scope)
  const holders: Condition = {
    sql: `t.n IN (SELECT n FROM token_scope WHERE scope IN (${numbers.map(() => '?').join()}))`,
    values: numbers,
  }
  return [holders, ...facets]
}

/**
 * The range of last use, and of a walk what lies behind a sort value. Where both are about one column they become one
 * pair of bounds: of two upper bounds SQLite would search by either.
 */
function rangeConditions(
  filter: Filter,
  access: Access,
  column: string,
  from?: { behind: '<' | '>'; value: Cell },
): Condition[] {
  // All others see the exact time, in their index or in the row.
  const used = access.by === 'sort' && column !== 'used' ? usedByDay(filter) : usedCondition(filter)
  if (!from) return used
  const walked: Condition = { sql: `t.${column} ${from.behind} ?`, values: [from.value] }
  if (!filter.used || column !== 'used' || access.kind !== 'walk') return [walked, ...used]
  const other: Condition =
    from.behind === '<'
      ? { sql: 't.used >= ?', values: [filter.used.from] }
      : { sql: 't.used <= ?', values: [filter.used.to] }
  return [walked, other]
}
