import { BEFORE_ALL_TIMES, idTaken, requireTokenId, type TokenRecord } from '@latchkey/core/store'
import type { Environment } from '../environment.js'
import { COLUMN_COUNT, COLUMN_NAMES, columnParameters, columnValues, encodeUses } from '../row.js'
import { change, changeDeadline, FIRST_PARAMETER, runChange } from './change.js'

const AFTER_COLUMNS = FIRST_PARAMETER + COLUMN_COUNT

/** A conflict is no error of the server: that would abort a transaction, and cost some drivers the connection. */
const INSERT = change(
  ({ token }) => `insert into ${token} as t (env, ${COLUMN_NAMES}, public, prefix, used, uses)
  select env, ${columnParameters(FIRST_PARAMETER)}, $${AFTER_COLUMNS}::text, $${AFTER_COLUMNS + 1}::text,
    $${AFTER_COLUMNS + 2}::bigint, $${AFTER_COLUMNS + 3}::text::jsonb
  from locked
  on conflict (env, public) do nothing
  returning t.env, t.prefix || '.' || t.public as id`,
)

export async function insert(environment: Environment, record: TokenRecord): Promise<void> {
  environment.database.assertOpen()
  const { publicPart, prefix } = requireTokenId(record.id)
  const values = [
    ...columnValues(record),
    publicPart,
    prefix,
    record.lastUsedAt ?? BEFORE_ALL_TIMES,
    encodeUses(record),
  ]
  const { count } = await runChange(environment, INSERT, values, changeDeadline(environment))
  if (count === 0) throw idTaken(publicPart)
}
