import { type Deadline, deadlineIn, type FindOptions, parseTokenId, type TokenRecord } from '@latchkey/core/store'
import { prepared } from './database.js'
import { type Environment, queryPresent } from './environment.js'
import { decodeRow, SELECTED } from './row.js'

/** Always one row while the environment is present; its `id` is null for an unknown token. */
const FIND = prepared(
  ({ environment, token }) => `select ${SELECTED}
from ${environment} e left join ${token} t on t.env = e.env and t.public = $3 and t.prefix = $4
where e.env = $1 and e.dataset = $2::text::uuid and not pg_is_in_recovery()`,
)

export async function find(
  environment: Environment,
  id: string,
  { patient = false }: FindOptions = {},
): Promise<TokenRecord | undefined> {
  const { readTimeout, manageTimeout } = environment.settings
  return findWithin(environment, id, deadlineIn(patient ? manageTimeout : readTimeout))
}

/** As `find`, as a step of an operation with this deadline. */
export async function findWithin(
  environment: Environment,
  id: string,
  deadline: Deadline,
): Promise<TokenRecord | undefined> {
  const parts = parseTokenId(id)
  if (parts === undefined) return undefined
  const { first } = await queryPresent(environment, FIND, [parts.publicPart, parts.prefix], deadline)
  return first.id === null ? undefined : decodeRow(first)
}
