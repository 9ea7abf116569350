import { chunksOf, parseTokenId, type TokenUse } from '@latchkey/core/store'
import { prepared } from '../database.js'
import { type Environment, manageDeadline, queryPresent } from '../environment.js'
import { toUse, type Use } from '../row.js'
import { FIRST_PARAMETER, lockTimeout, loggedWrite, runWrite } from './logged-write.js'

// Touches and purges lock many rows, both in the order of `n`, so that neither waits for the other forever.

/** Tokens in one statement. */
const TOUCH_BATCH = 500
const PURGE_BATCH = 1_000

/** An entry of `uses` moves forward only, and only if it is there: it leaves with its secret. */
const TOUCH = prepared(
  ({ environment, token }) => `with used as (
  select t.n, (u.uses -> 'token' ->> 0)::bigint as used, u.uses
  from jsonb_to_recordset($3::text::jsonb) as u (public text, prefix text, uses jsonb)
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
  for (const batch of chunksOf(newestUses(uses), TOUCH_BATCH)) {
    const values = [JSON.stringify(batch), lockTimeout(environment)]
    await queryPresent(environment, TOUCH, values, manageDeadline(environment))
  }
}

/** The newest use of a token and of each of its secrets, by the keys of the column `uses`. */
interface TokenUses {
  readonly public: string
  readonly prefix: string
  readonly uses: Record<string, Use>
}

function newestUses(all: readonly TokenUse[]): TokenUses[] {
  const tokens = new Map<string, TokenUses>()
  for (const { id, gen, at, ip } of all) {
    const parts = parseTokenId(id)
    if (parts === undefined) continue
    const token = tokens.get(id) ?? { public: parts.publicPart, prefix: parts.prefix, uses: {} }
    tokens.set(id, token)
    for (const key of ['token', gen]) {
      const known = token.uses[key]
      if (known === undefined || known[0] < at) token.uses[key] = toUse(at, ip)
    }
  }
  return [...tokens.values()]
}

/** Rows are chosen by their expiry, and then locked. The expiry counts that a row has under the lock. */
const PURGE = loggedWrite(
  ({ token }) => `delete from ${token} t
  using (
    select t.n from ${token} t
    where t.n in (
      select e.n from locked join ${token} e on e.env = locked.env
      where e.expires < $${FIRST_PARAMETER}::bigint
      order by e.expires
      limit ${PURGE_BATCH}
    ) and t.expires < $${FIRST_PARAMETER}::bigint
    order by t.n
    for update
  ) expired
  where t.n = expired.n and t.expires < $${FIRST_PARAMETER}::bigint
  returning t.env, t.prefix || '.' || t.public as id`,
)

const ANY_LEFT = prepared(({ token }) => `select 1 as left from ${token} where env = $1 and expires < $2 limit 1`)

export async function purge(environment: Environment, expiredBefore: number): Promise<readonly string[]> {
  const { database, env } = environment
  const purged: string[] = []
  for (;;) {
    const { ids } = await runWrite(environment, PURGE, [expiredBefore], manageDeadline(environment))
    purged.push(...ids)
    if (ids.length === PURGE_BATCH) continue
    // A batch is short also if another purge took its rows, or if some of them were extended.
    const { rows } = await database.query(ANY_LEFT, [env, expiredBefore], manageDeadline(environment))
    if (rows.length === 0) return purged
  }
}
