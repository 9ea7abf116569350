import { type ListQuery, type ListSort, sortValue, storeUnavailable } from '@latchkey/core/store'
import type { Database, Row, Value } from '../shared/database.js'
import { parseRecord } from '../shared/find-token.js'
import type { Results } from '../shared/protocol.js'
import { type Condition, condition, countingSort, type Filter, resolveFilter, timeConditions } from './filter.js'
import { SORT_COLUMNS } from './schema.js'

/** Records of a chunk: about a millisecond's work. */
const CHUNK_ROWS = 200

/** The place behind a row. */
type Position = readonly [value: string | number, seq: number]

/**
 * Reads one page in chunks. Each line is the public part of a token and its record as JSON. The whole page shows one
 * state of the file: the connection is in a transaction until the last chunk was taken.
 */
export function* readPage(db: Database, env: number, query: ListQuery): Generator<string, Results['list']> {
  const { sort, limit } = query
  db.exec('BEGIN')
  try {
    const filter = resolveFilter(db, env, query.filter)
    const end: Results['list'] = {}
    if (query.count) end.totalCount = filter ? (filter.total ?? countRows(db, filter)) : 0
    if (!filter) return end
    let position = query.after === undefined ? undefined : parsePosition(query.after, sort)
    for (let missing = limit; missing > 0; missing -= CHUNK_ROWS) {
      const wanted = Math.min(missing, CHUNK_ROWS)
      const rows = selectRows(db, filter, sort, position, wanted)
      const last = rows.at(-1)
      if (last) {
        yield rows.map(lineOf).join('\n')
        position = positionOf(db, last, sort)
      }
      if (rows.length < wanted) return end
    }
    const mayFollow = selectRows(db, filter, sort, position, 1).length > 0
    if (mayFollow) end.next = JSON.stringify(position)
    return end
  } finally {
    db.exec('ROLLBACK')
  }
}

/** `public_part`, `record`, the sort value and `seq`, along the index of the sort. */
function selectRows(
  db: Database,
  filter: Filter,
  sort: ListSort,
  position: Position | undefined,
  limit: number,
): Row[] {
  const column = SORT_COLUMNS[sort.by]
  const [direction, behind] = sort.direction === 'asc' ? ['ASC', '>'] : ['DESC', '<']
  const conditions = [...filter.conditions, ...timeConditions(filter, sort, position !== undefined)]
  if (position) conditions.push(condition(`(${column}, seq) ${behind} (?, ?)`, ...position))
  return db.all(
    `SELECT public_part, record, ${column}, seq FROM token INDEXED BY ${filter.indexes}${column} WHERE ${allOf(conditions)}
     ORDER BY ${column} ${direction}, seq ${direction} LIMIT ?`,
    ...valuesOf(conditions),
    limit,
  )
}

function countRows(db: Database, filter: Filter): number {
  const sort = countingSort(filter)
  const conditions = [...filter.conditions, ...timeConditions(filter, sort, false)]
  const index = filter.indexes + SORT_COLUMNS[sort.by]
  const sql = `SELECT count(*) FROM token INDEXED BY ${index} WHERE ${allOf(conditions)}`
  return Number(db.get(sql, ...valuesOf(conditions))?.[0])
}

function allOf(conditions: readonly Condition[]): string {
  return conditions.map(({ sql }) => sql).join(' AND ')
}

function valuesOf(conditions: readonly Condition[]): Value[] {
  return conditions.flatMap(({ values }) => values)
}

/** JSON has no line break, what is damaged may have. */
function lineOf([publicPart, record]: Row): string {
  return `${publicPart}${String(record).replaceAll('\n', ' ')}`
}

/** libsql: the column of a name ends at its first NUL, so the record tells, unless it is damaged. */
function positionOf(db: Database, [publicPart, record, value, seq]: Row, { by }: ListSort): Position {
  try {
    return [sortValue(parseRecord(db.path, String(publicPart), record), by), Number(seq)]
  } catch {
    return [by === 'name' ? String(value) : Number(value), Number(seq)]
  }
}

/** Throws `ERR_STORE` for a text that is no position in this sort. */
function parsePosition(text: string, { by }: ListSort): Position {
  try {
    const [value, seq] = JSON.parse(text) as unknown[]
    const isValue = typeof value === (by === 'name' ? 'string' : 'number')
    if (isValue && typeof seq === 'number') return [value as string | number, seq]
  } catch {
    // Not JSON, or not a list.
  }
  throw storeUnavailable('The position to continue from belongs to another store or sort.')
}
