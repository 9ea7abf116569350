import type { ListFilter } from '@latchkey/core/store'
import type { PostgresValue } from '../client.js'
import { textArray } from '../row.js'

/** The conditions that a row of `token t` meets if its record meets the filter. `parameter` gives a value its `$n`. */
export function conditionsOf(filter: ListFilter, parameter: (value: PostgresValue) => string): string[] {
  const { owner, personal, scopes, lastUsed } = filter
  const conditions: string[] = []
  if (owner !== undefined) conditions.push(`t.owner = ${parameter(owner)}`)
  if (personal !== undefined) conditions.push(`t.personal = ${parameter(personal)}`)
  if (scopes !== undefined) conditions.push(`t.scopes && ${parameter(textArray(scopes))}::text::text[]`)
  if (lastUsed !== undefined) conditions.push(...within('t.used', lastUsed, parameter))
  return conditions
}

/** A row without the time holds a number outside of all times, which no bound may match. */
function within(
  column: string,
  { from = 0, to }: { from?: number; to?: number },
  parameter: (value: PostgresValue) => string,
): string[] {
  const conditions = [`${column} >= ${parameter(Math.max(from, 0))}`]
  if (to !== undefined) conditions.push(`${column} <= ${parameter(to)}`)
  return conditions
}
