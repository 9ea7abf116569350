import { parseTokenId, versionConflict } from '@latchkey/core/store'
import type { Environment } from '../environment.js'
import { findUntil } from '../read/find.js'
import { change, changeDeadline, FIRST_PARAMETER, runChange } from './change.js'

const REMOVE = change(
  ({ token }) => `delete from ${token} t using locked
  where t.env = locked.env and t.public = $${FIRST_PARAMETER}::text and t.prefix = $${FIRST_PARAMETER + 1}::text
    and ($${FIRST_PARAMETER + 2}::int is null or t.version = $${FIRST_PARAMETER + 2}::int)
  returning t.env, t.prefix || '.' || t.public as id`,
)

export async function remove(environment: Environment, id: string, expectedVersion?: number): Promise<boolean> {
  environment.database.assertOpen()
  const parts = parseTokenId(id)
  if (parts === undefined) return false
  const deadline = changeDeadline(environment)
  const values = [parts.publicPart, parts.prefix, expectedVersion ?? null]
  const { count } = await runChange(environment, REMOVE, values, deadline)
  if (count > 0) return true
  if (expectedVersion === undefined) return false
  const current = await findUntil(environment, id, deadline)
  if (current === undefined) return false
  throw versionConflict(id, current.version, expectedVersion)
}
