import { deadlineIn, parseTokenId, type TokenRecord } from '@latchkey/core/store'
import { prepared } from './database.js'
import { type Environment, queryPresent } from './environment.js'
import { decodeRow, SELECTED } from './row.js'

/** Always one row while the environment is present; its `id` is null for an unknown token. */
const FIND = prepared(
  ({ environment, token }) => `select ${SELECTED}
from ${environment} e left join ${token} t on t.env = e.env and t.public = $3 and t.prefix = $4
where e.env = $1 and e.dataset = $2::text::uuid and not pg_is_in_recovery()`,
)

/** `deadline`: that of the operation of which this is a step. Default: that of a point read. */
export async function find(
  environment: Environment,
  id: string,
  deadline = deadlineIn(environment.settings.readTimeout),
): Promise<TokenRecord | undefined> {
  const parts = parseTokenId(id)
  if (parts === undefined) return undefined
  const { first } = await queryPresent(environment, FIND, [parts.publicPart, parts.prefix], deadline)
  return first.id === null ? undefined : decodeRow(first)
}
