import { parseTokenId, type TokenRecord } from '@latchkey/core/store'
import { type Deadline, deadlineIn } from '../database.js'
import { type Environment, rejectAbsent } from '../environment.js'
import { decodeRow, SELECTED } from '../row.js'
import { prepared } from '../schema.js'

/** Always one row while the environment is present; its `id` is null for an unknown token. */
const FIND = prepared(
  ({ environment, token }) => `select ${SELECTED}
from ${environment} e left join ${token} t on t.env = e.env and t.public = $3 and t.prefix = $4
where e.env = $1 and e.dataset = $2::text::uuid and not pg_is_in_recovery()`,
)

export async function find(environment: Environment, id: string): Promise<TokenRecord | undefined> {
  return findUntil(environment, id, deadlineIn(environment.settings.readTimeout))
}

/** As `find`, as a step of another operation. */
export async function findUntil(
  environment: Environment,
  id: string,
  deadline: Deadline,
): Promise<TokenRecord | undefined> {
  const { database, env, dataset } = environment
  database.assertOpen()
  const parts = parseTokenId(id)
  if (parts === undefined) return undefined
  const { rows } = await database.query(FIND, [env, dataset, parts.publicPart, parts.prefix], deadline)
  const row = rows[0] ?? (await rejectAbsent(environment, deadline))
  return row.id === null ? undefined : decodeRow(row)
}
