import type { ListFilter, ListSort } from '@latchkey/core/store'
import type { Database } from './database.js'
import { type Condition, usedRange } from './filter.js'
import { joinedJson, type Position } from './list.js'
import { SORT_COLUMNS } from './plan.js'
import { columnText, RECORD_JSON } from './rows.js'

// What lists need of the few tokens that are not filed yet. There is no index: they are looked at one by one.

export function countArrivals(db: Database, env: number, asked: ListFilter): number {
  const { sql, values } = conditionOf(env, asked)
  return Number(db.sql(`SELECT count(*) FROM arrival t WHERE ${sql}`).get(...values)?.[0])
}

/** As `listPositions`. */
export function arrivalPositions(
  db: Database,
  env: number,
  asked: ListFilter,
  { by, direction }: ListSort,
  after: Position | undefined,
  limit: number,
): Position[] {
  const column = SORT_COLUMNS[by]
  const { sql, values } = conditionOf(env, asked)
  const behind = direction === 'asc' ? '>' : '<'
  return db
    .sql(
      `SELECT t.n, t.${column} FROM arrival t WHERE ${sql} ${after ? `AND (t.${column}, t.n) ${behind} (?, ?)` : ''}
       ORDER BY t.${column} ${direction}, t.n ${direction} LIMIT ?`,
    )
    .all(...values, ...(after ? [after.value, after.n] : []), limit)
    .map(([n, value]) => ({ n: Number(n), value: value ?? '' }))
}

/** Two lists in the order of the sort become one. */
export function merge(
  one: readonly Position[],
  other: readonly Position[],
  { direction }: ListSort,
  limit: number,
): Position[] {
  const sign = direction === 'asc' ? 1 : -1
  return [...one, ...other].sort((a, b) => sign * (compare(a.value, b.value) || a.n - b.n)).slice(0, limit)
}

/** As `recordsJson`, which is sooner done where all are filed. */
export function mixedJson(db: Database, positions: readonly Position[]): string {
  const filed = `SELECT ${RECORD_JSON} FROM token t WHERE t.n = p.value`
  const arrived = `SELECT ${RECORD_JSON} FROM arrival t WHERE t.n = p.value`
  return joinedJson(db, positions, `SELECT group_concat(coalesce((${filed}), (${arrived}))) FROM json_each(?) p`)
}

/** Texts in the order of SQLite, which is that of their UTF-8. */
function compare(a: string | number, b: string | number): number {
  return typeof a === 'number' ? a - Number(b) : Buffer.compare(Buffer.from(a), Buffer.from(String(b)))
}

function conditionOf(env: number, { owner, personal, scopes, lastUsed }: ListFilter): Condition {
  const conditions: Condition[] = [{ sql: 't.env = ?', values: [env] }]
  if (owner !== undefined) conditions.push({ sql: 't.owner = ?', values: [columnText(owner)] })
  if (personal !== undefined) conditions.push({ sql: 't.personal = ?', values: [Number(personal)] })
  if (scopes) {
    conditions.push({
      sql: `EXISTS (SELECT 1 FROM json_each(t.scopes) WHERE value IN (SELECT value FROM json_each(?)))`,
      values: [JSON.stringify(scopes)],
    })
  }
  if (lastUsed) {
    const { from, to } = usedRange(lastUsed)
    conditions.push({ sql: 't.used BETWEEN ? AND ?', values: [from, to] })
  }
  return {
    sql: conditions.map(({ sql }) => sql).join(' AND '),
    values: conditions.flatMap(({ values }) => values),
  }
}
