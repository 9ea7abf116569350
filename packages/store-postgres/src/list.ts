import {
  AFTER_ALL_TIMES,
  compact,
  type Deadline,
  intactRecords,
  type ListFilter,
  type ListOptions,
  type ListPage,
  type ListQuery,
  type SortKey,
  type StoreError,
  type TimeRange,
} from '@latchkey/core/store'
import type { PostgresRow, PostgresValue } from './client.js'
import { assertPresent, type Environment, manageDeadline, PRESENT } from './environment.js'
import { decodeRow, SELECTED, textArray } from './row.js'

const SORT_COLUMNS: Record<SortKey, string> = {
  name: 't.name',
  lastUsedAt: 't.used',
  createdAt: 't.created',
  expiresAt: 't.expires',
  modifiedAt: 't.modified',
}

/**
 * Up to this many tokens with a scope are read and sorted. Along the index of the order they may be far apart. The
 * planner cannot tell, because it has no statistics of rare scopes.
 */
const MAX_SORTED = 5_000

/** Where the last page ended. */
interface Position {
  readonly value: string | number
  readonly n: number
  /** The first page counted at most `MAX_SORTED`. */
  readonly isShort: boolean
}

export async function list(
  environment: Environment,
  query: ListQuery,
  { signal }: ListOptions = {},
): Promise<ListPage> {
  const { filter, sort, limit } = query
  const deadline = manageDeadline(environment, signal)
  const totalCount = query.count ? await readTotal(environment, filter, deadline) : undefined
  const after = query.after === undefined ? undefined : (JSON.parse(query.after) as Position)
  const isShort = totalCount === undefined ? after?.isShort === true : totalCount <= MAX_SORTED
  const rows = await readRows(environment, query, after, isShort, deadline)
  if (rows.length === 0) await assertPresent(environment, deadline)
  const last = rows.length > limit ? rows[limit - 1] : undefined
  const next = last && JSON.stringify(positionOf(last, sort.by, isShort))
  const damaged: StoreError[] = []
  return { records: intactRecords(rows.slice(0, limit), decodeRow, damaged), damaged, ...compact({ next, totalCount }) }
}

async function readTotal({ database, env }: Environment, filter: ListFilter, deadline: Deadline): Promise<number> {
  const { values, parameter } = parameters([env])
  const conditions = ['t.env = $1', ...conditionsOf(filter, parameter)]
  // A count of all tokens reads the table, since no index has the column `version`. Counted along an index, each row that
  // was touched since the last vacuum would be looked up by itself, which takes several times as long.
  const column = conditions.length === 1 ? 't.version' : '*'
  const text = `select count(${column}) as total from ${database.schema.token} t where ${conditions.join(' and ')}`
  const { rows } = await database.query(text, values, deadline)
  return Number(rows[0]?.total)
}

/** One row more than the page holds, if there is one. Planned each time, since the best plan depends on the values. */
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
  return (await database.query(text, values, deadline)).rows
}

/** Adds a value to the parameters of a statement, and returns its `$n`. */
type Parameter = (value: PostgresValue) => string

function parameters(first: readonly PostgresValue[]): { values: PostgresValue[]; parameter: Parameter } {
  const values = [...first]
  return { values, parameter: (value) => `$${values.push(value)}` }
}

/** The conditions that a row of `token t` meets if its record meets the filter. */
function conditionsOf(filter: ListFilter, parameter: Parameter): string[] {
  const { owner, personal, enabled, scopes, lastUsed, expires, created, unusedSince } = filter
  const conditions: string[] = []
  if (owner !== undefined) conditions.push(`t.owner = ${parameter(owner)}`)
  if (personal !== undefined) conditions.push(`t.personal = ${parameter(personal)}`)
  if (enabled !== undefined) conditions.push(`t.enabled = ${parameter(enabled)}`)
  if (scopes !== undefined) conditions.push(`t.scopes && ${parameter(textArray(scopes))}::text::text[]`)
  // Never used is -1, and never expiring the greatest time: no bound may match them.
  if (lastUsed !== undefined) conditions.push(...within('t.used', lastUsed, parameter))
  if (expires !== undefined) {
    const to = Math.min(expires.to ?? AFTER_ALL_TIMES, AFTER_ALL_TIMES - 1)
    conditions.push(...within('t.expires', { ...expires, to }, parameter))
  }
  if (created !== undefined) conditions.push(...within('t.created', created, parameter))
  if (unusedSince !== undefined) {
    const since = parameter(unusedSince)
    conditions.push(`t.used < ${since} and (t.used >= 0 or t.created < ${since})`)
  }
  return conditions
}

function within(column: string, { from = 0, to }: TimeRange, parameter: Parameter): string[] {
  const lower = `${column} >= ${parameter(Math.max(from, 0))}`
  return to === undefined ? [lower] : [lower, `${column} <= ${parameter(to)}`]
}

function positionOf({ position, n }: PostgresRow, by: SortKey, isShort: boolean): Position {
  return { value: by === 'name' ? String(position) : Number(position), n: Number(n), isShort }
}
