import { parseTokenId, type TokenUse } from '@latchkey/core/store'
import { type Environment, rejectAbsent } from '../environment.js'
import { prepared } from '../schema.js'
import { changeDeadline, lockTimeout } from './change.js'

/** Tokens in one statement. */
const BATCH = 500

/** The newest use of a token and of each of its secrets, by the keys of the column `uses`. */
interface TokenUses {
  readonly public: string
  readonly prefix: string
  used: number
  readonly uses: Record<string, [at: number, ip?: string]>
}

/**
 * The rows are locked in the order of `n`, as a purge locks them, so that neither waits for the other forever. An entry
 * of `uses` moves forward only, and only if it is there: it leaves with its secret.
 */
const TOUCH = prepared(
  ({ environment, token }) => `with used as (
  select t.n, u.used, u.uses
  from jsonb_to_recordset($3::text::jsonb) as u (public text, prefix text, used bigint, uses jsonb)
  join ${token} t on t.env = $1 and t.public = u.public and t.prefix = u.prefix
  where exists (
    select from ${environment}
    where env = $1 and dataset = $2::text::uuid and set_config('lock_timeout', $4, true) <> ''
  )
  order by t.n
  for no key update of t
), touched as (
  update ${token} t
  set used = greatest(t.used, used.used),
    uses = t.uses || coalesce((
      select jsonb_object_agg(key, value) from jsonb_each(used.uses)
      where (t.uses -> key ->> 0)::bigint < (value ->> 0)::bigint
    ), '{}')
  from used
  where t.n = used.n
)
select 1 as touched from ${environment} where env = $1 and dataset = $2::text::uuid`,
)

export async function touch(environment: Environment, uses: readonly TokenUse[]): Promise<void> {
  environment.database.assertOpen()
  const tokens = newestUses(uses)
  for (let i = 0; i < tokens.length; i += BATCH) await touchBatch(environment, tokens.slice(i, i + BATCH))
}

async function touchBatch(environment: Environment, batch: readonly TokenUses[]): Promise<void> {
  const { database, env, dataset, settings } = environment
  const deadline = changeDeadline(environment)
  const values = [env, dataset, JSON.stringify(batch), lockTimeout(settings)]
  const { rows } = await database.query(TOUCH, values, deadline)
  if (rows.length === 0) await rejectAbsent(environment, deadline)
}

function newestUses(uses: readonly TokenUse[]): TokenUses[] {
  const tokens = new Map<string, TokenUses>()
  for (const { id, gen, at, ip } of uses) {
    const parts = parseTokenId(id)
    if (parts === undefined) continue
    const { publicPart, prefix } = parts
    const token = tokens.get(id) ?? { public: publicPart, prefix, used: at, uses: {} }
    tokens.set(id, token)
    token.used = Math.max(token.used, at)
    for (const key of ['token', gen]) {
      const known = token.uses[key]
      if (known === undefined || known[0] < at) token.uses[key] = ip === undefined ? [at] : [at, ip]
    }
  }
  return [...tokens.values()]
}
