import {
  applyPatch,
  assertVersion,
  type Deadline,
  idTaken,
  parseTokenId,
  requireTokenId,
  sortValue,
  type TokenPatch,
  type TokenRecord,
  versionConflict,
} from '@latchkey/core/store'
import { type Environment, manageDeadline } from '../environment.js'
import { findWithin } from '../find.js'
import { COLUMN_COUNT, COLUMN_NAMES, columnParameters, columnValues, encodeUses, withUses } from '../row.js'
import { FIRST_PARAMETER, loggedWrite, runWrite } from './logged-write.js'

const COLUMN_PARAMETERS = columnParameters(FIRST_PARAMETER)
/** The first parameter after those of the columns. */
const NEXT = FIRST_PARAMETER + COLUMN_COUNT

/** A conflict is no error of the server: that would abort a transaction, and cost some drivers the connection. */
const INSERT = loggedWrite(
  ({ token }) => `insert into ${token} as t (env, ${COLUMN_NAMES}, public, prefix, used, uses)
  select env, ${COLUMN_PARAMETERS}, $${NEXT}::text, $${NEXT + 1}::text, $${NEXT + 2}::bigint, $${NEXT + 3}::text::jsonb
  from locked
  on conflict (env, public) do nothing
  returning t.env, t.prefix || '.' || t.public as id`,
)

export async function insert(environment: Environment, record: TokenRecord): Promise<void> {
  const { publicPart, prefix } = requireTokenId(record.id)
  const values = [...columnValues(record), publicPart, prefix, sortValue(record, 'lastUsedAt'), encodeUses(record)]
  const { ids } = await runWrite(environment, INSERT, values, manageDeadline(environment))
  if (ids.length === 0) throw idTaken(publicPart)
}

/** Uses may have moved since the record was read: those of the row stand, for the secrets that the new record has. */
const UPDATE = loggedWrite(
  ({ token }) => `update ${token} t
  set (${COLUMN_NAMES}) = row(${COLUMN_PARAMETERS}),
    uses = (
      select jsonb_object_agg(key, coalesce(t.uses -> key, value))
      from jsonb_each($${NEXT + 3}::text::jsonb)
    )
  from locked
  where t.env = locked.env and t.public = $${NEXT}::text and t.prefix = $${NEXT + 1}::text
    and t.version = $${NEXT + 2}::int
  returning t.env, t.prefix || '.' || t.public as id, t.uses`,
  'written.id, written.uses::text as uses',
)

export async function update(
  environment: Environment,
  id: string,
  patch: TokenPatch,
  expectedVersion: number,
): Promise<TokenRecord | undefined> {
  const parts = parseTokenId(id)
  if (parts === undefined) return undefined
  const deadline = manageDeadline(environment)
  const found = await findWithin(environment, id, deadline)
  if (found === undefined) return undefined
  assertVersion(found, expectedVersion)

  const next = applyPatch(found, patch)
  const values = [...columnValues(next), parts.publicPart, parts.prefix, expectedVersion, encodeUses(next)]
  const { rows, ids } = await runWrite(environment, UPDATE, values, deadline)
  const [row] = rows
  if (row !== undefined) return withUses(next, String(row.uses))
  // Written by an attempt whose answer, with the uses, was lost.
  if (ids.length > 0) return next
  await assertGone(environment, id, expectedVersion, deadline)
  return undefined
}

const REMOVE = loggedWrite(
  ({ token }) => `delete from ${token} t using locked
  where t.env = locked.env and t.public = $${FIRST_PARAMETER}::text and t.prefix = $${FIRST_PARAMETER + 1}::text
    and ($${FIRST_PARAMETER + 2}::int is null or t.version = $${FIRST_PARAMETER + 2}::int)
  returning t.env, t.prefix || '.' || t.public as id`,
)

export async function remove(environment: Environment, id: string, expectedVersion?: number): Promise<boolean> {
  const parts = parseTokenId(id)
  if (parts === undefined) return false
  const deadline = manageDeadline(environment)
  const values = [parts.publicPart, parts.prefix, expectedVersion ?? null]
  const { ids } = await runWrite(environment, REMOVE, values, deadline)
  if (ids.length > 0) return true
  if (expectedVersion !== undefined) await assertGone(environment, id, expectedVersion, deadline)
  return false
}

/** After a write that found no token at the version: throws if there is one, which is at another. */
async function assertGone(environment: Environment, id: string, expected: number, deadline: Deadline): Promise<void> {
  const current = await findWithin(environment, id, deadline)
  if (current !== undefined) throw versionConflict(id, current.version, expected)
}
