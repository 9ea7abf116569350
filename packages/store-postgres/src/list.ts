import type { ListFilter, ListPage, ListQuery, SortKey, TokenRecord } from '@latchkey/core/store'
import type { PostgresRow, PostgresValue } from '../client.js'
import { type Deadline, deadlineIn } from '../database.js'
import { assertPresent, type Environment, PRESENT } from '../environment.js'
import { decodeRow, SELECTED } from '../row.js'
import { conditionsOf } from './filter.js'

const SORT_COLUMNS: Record<SortKey, string> = {
  name: 't.name',
  lastUsedAt: 't.used',
  createdAt: 't.created',
  expiresAt: 't.expires',
  modifiedAt: 't.modified',
}

/**
 * So many tokens with some scope are rather sorted than looked for along the index of the order, where they may be far
 * apart. The planner does not know: it has no statistics of rare scopes.
 */
const MAX_SORTED = 5_000

/** Where the last page ended. */
interface Position {
  readonly value: string | number
  readonly n: number
  /** The first page counted at most `MAX_SORTED`. */
  readonly isShort: boolean
}

export async function list(environment: Environment, query: ListQuery): Promise<ListPage> {
  environment.database.assertOpen()
  const deadline = deadlineIn(environment.settings.manageTimeout)
  const totalCount = query.count ? await readTotal(environment, query.filter, deadline) : undefined
  const after = query.after === undefined ? undefined : (JSON.parse(query.after) as Position)
  const isShort = totalCount === undefined ? after?.isShort === true : totalCount <= MAX_SORTED
  const rows = await readRows(environment, query, after, isShort, deadline)
  if (rows.length === 0) await assertPresent(environment, deadline)
  const last = rows[query.limit - 1]
  return {
    records: decodeRows(rows.slice(0, query.limit)),
    ...(rows.length > query.limit && last !== undefined && { next: JSON.stringify(positionOf(last, query, isShort)) }),
    ...(totalCount !== undefined && { totalCount }),
  }
}

async function readTotal({ database, env }: Environment, filter: ListFilter, deadline: Deadline): Promise<number> {
  const { values, parameter } = parameters([env])
  const conditions = ['t.env = $1', ...conditionsOf(filter, parameter)]
  const text = `select count(*) as total from ${database.schema.token} t where ${conditions.join(' and ')}`
  const { rows } = await database.query({ text }, values, deadline)
  return Number(rows[0]?.total)
}

/** One row more than the page holds, if there is one. Planned anew each time, since the best plan depends on the values. */
async function readRows(
  { database, env, dataset }: Environment,
  { filter, sort: { by, direction }, limit }: ListQuery,
  after: Position | undefined,
  isShort: boolean,
  deadline: Deadline,
): Promise<readonly PostgresRow[]> {
  const { values, parameter } = parameters([env, dataset])
  const column = SORT_COLUMNS[by]
  const conditions = ['t.env = $1', PRESENT(database.schema), ...conditionsOf(filter, parameter)]
  if (after !== undefined) {
    const comparison = direction === 'asc' ? '>' : '<'
    conditions.push(`(${column}, t.n) ${comparison} (${parameter(after.value)}, ${parameter(after.n)})`)
  }
  const matches = `${database.schema.token} t where ${conditions.join(' and ')}`
  // Behind `offset 0` the planner cannot use the index of the order.
  const text = `select ${SELECTED}, ${column} as position, t.n
from ${isShort && filter.scopes ? `(select * from ${matches} offset 0) t` : matches}
order by ${column} ${direction}, t.n ${direction}
limit ${parameter(limit + 1)}`
  return (await database.query({ text }, values, deadline)).rows
}

function parameters(first: readonly PostgresValue[]) {
  const values = [...first]
  return { values, parameter: (value: PostgresValue) => `$${values.push(value)}` }
}

function* decodeRows(rows: readonly PostgresRow[]): Generator<TokenRecord> {
  for (const row of rows) yield decodeRow(row)
}

function positionOf({ position, n }: PostgresRow, { sort }: ListQuery, isShort: boolean): Position {
  return { value: sort.by === 'name' ? String(position) : Number(position), n: Number(n), isShort }
}
