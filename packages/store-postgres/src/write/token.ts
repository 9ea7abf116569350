import { applyPatch, parseTokenId, type TokenPatch, type TokenRecord, versionConflict } from '@latchkey/core/store'
import type { Environment } from '../environment.js'
import { findUntil } from '../read/find.js'
import { COLUMN_COUNT, COLUMN_NAMES, columnParameters, columnValues, encodeUses, withUses } from '../row.js'
import { change, changeDeadline, FIRST_PARAMETER, runChange } from './change.js'

const AFTER_COLUMNS = FIRST_PARAMETER + COLUMN_COUNT

/** Uses may have moved since the record was read: those of the row stand, for the secrets that the new record has. */
const UPDATE = change(
  ({ token }) => `update ${token} t
  set (${COLUMN_NAMES}) = row(${columnParameters(FIRST_PARAMETER)}),
    uses = (
      select jsonb_object_agg(key, coalesce(t.uses -> key, value))
      from jsonb_each($${AFTER_COLUMNS + 3}::text::jsonb)
    )
  from locked
  where t.env = locked.env and t.public = $${AFTER_COLUMNS}::text and t.prefix = $${AFTER_COLUMNS + 1}::text
    and t.version = $${AFTER_COLUMNS + 2}::int
  returning t.env, t.prefix || '.' || t.public as id, t.uses`,
  'written.id, written.uses::text as uses',
)

export async function update(
  environment: Environment,
  id: string,
  patch: TokenPatch,
  expectedVersion: number,
): Promise<TokenRecord | undefined> {
  environment.database.assertOpen()
  const parts = parseTokenId(id)
  if (parts === undefined) return undefined
  const deadline = changeDeadline(environment)
  const found = await findUntil(environment, id, deadline)
  if (found === undefined) return undefined
  if (found.version !== expectedVersion) throw versionConflict(id, found.version, expectedVersion)

  const next = applyPatch(found, patch)
  const values = [...columnValues(next), parts.publicPart, parts.prefix, expectedVersion, encodeUses(next)]
  const { rows, count } = await runChange(environment, UPDATE, values, deadline)
  const [row] = rows
  if (row !== undefined) return withUses(next, String(row.uses))
  // Written by an attempt whose answer, with the uses, was lost.
  if (count > 0) return next
  const current = await findUntil(environment, id, deadline)
  if (current === undefined) return undefined
  throw versionConflict(id, current.version, expectedVersion)
}
