import { createListeners, type Listeners } from '@latchkey/core/store'
import type { PostgresRow } from '../client.js'
import type { Database, Deadline } from '../database.js'
import { type Environment, rejectAbsent } from '../environment.js'
import { prepared } from '../schema.js'

/** One environment whose changes are delivered. */
export interface Subscription {
  readonly environment: Environment
  readonly listeners: Listeners
  /** The newest change that was delivered; undefined until `start`. */
  position: Position | undefined
  /** `performance.now()` when the last poll began that read all changes. */
  confirmed: number
  isLagging: boolean
  /** The data set is another one, and the listeners know. */
  isLost: boolean
}

/** A row of `change`. Numbers may be given twice, after a crash or a restore; nonces are not. */
interface Position {
  readonly seq: number
  readonly nonce: string
}

/** Before all changes, where there are none. */
const BEFORE_ALL: Position = { seq: -1, nonce: '' }

/** Rows of one environment in one poll. */
const PAGE = 5_000

const NEWEST = prepared(
  ({ environment, change }) => `select c.seq, c.nonce
from ${environment} e
left join lateral (select seq, nonce from ${change} where env = e.env order by seq desc limit 1) c on true
where e.env = $1 and e.dataset = $2::text::uuid and not pg_is_in_recovery()`,
)

/** Begins with the last row that is known: where it is missing, history was lost. */
const POLL = prepared(
  ({ environment, change }) => `select w.env, pg_is_in_recovery() as replica, e.env is not null as found,
  c.seq, c.nonce, c.id
from jsonb_to_recordset($1::text::jsonb) as w (env int, dataset uuid, seq bigint)
left join ${environment} e on e.env = w.env and e.dataset = w.dataset
left join lateral (
  select seq, nonce, id from ${change} where env = e.env and seq >= w.seq order by seq limit ${PAGE + 1}
) c on true
order by w.env, c.seq`,
)

export function newSubscription(environment: Environment): Subscription {
  return {
    environment,
    listeners: createListeners(),
    position: undefined,
    confirmed: 0,
    isLagging: false,
    isLost: false,
  }
}

/** Resolves when every change from then on will be delivered. */
export async function start(subscription: Subscription, deadline: Deadline): Promise<void> {
  subscription.confirmed = performance.now()
  subscription.position = await newestPosition(subscription.environment, deadline)
}

/** Delivers what is new in all of the environments, and resolves to whether there is more. Rejects if it could not be read. */
export async function poll(
  database: Database,
  all: readonly Subscription[],
  deadline: Deadline,
): Promise<'more' | 'all'> {
  const started = performance.now()
  const wanted = all.map(({ environment: { env, dataset }, position }) => ({ env, dataset, seq: position?.seq }))
  const { rows } = await database.query(POLL, [JSON.stringify(wanted)], deadline)
  let hasMore = false
  for (const subscription of all) {
    const own = rows.filter(({ env }) => Number(env) === subscription.environment.env)
    if (!(await deliver(subscription, own, deadline))) continue
    hasMore ||= own.length > PAGE
    confirm(subscription, started)
  }
  return hasMore ? 'more' : 'all'
}

/** Resolves to whether the environment could be read. */
async function deliver(subscription: Subscription, rows: readonly PostgresRow[], deadline: Deadline): Promise<boolean> {
  const [first] = rows
  if (first === undefined || first.replica === true) return false
  if (first.found !== true) {
    if (!subscription.isLost) subscription.listeners.notify('reset')
    subscription.isLost = true
    return false
  }
  subscription.isLost = false
  if (!isSame(positionOf(first), subscription.position)) {
    subscription.position = await newestPosition(subscription.environment, deadline)
    subscription.listeners.notify('reset')
    return true
  }
  const changes = rows.slice(1)
  const last = changes.at(-1)
  if (last === undefined) return true
  subscription.position = positionOf(last)
  subscription.listeners.notify({ ids: changes.map(({ id }) => String(id)) })
  return true
}

function confirm(subscription: Subscription, started: number): void {
  subscription.confirmed = started
  if (subscription.isLagging) subscription.listeners.notify('live')
  subscription.isLagging = false
}

async function newestPosition(environment: Environment, deadline: Deadline): Promise<Position> {
  const { database, env, dataset } = environment
  const [row] = (await database.query(NEWEST, [env, dataset], deadline)).rows
  return positionOf(row ?? (await rejectAbsent(environment, deadline)))
}

function positionOf({ seq, nonce }: PostgresRow): Position {
  return seq === null ? BEFORE_ALL : { seq: Number(seq), nonce: String(nonce) }
}

function isSame(a: Position, b: Position | undefined): boolean {
  return a.seq === b?.seq && a.nonce === b.nonce
}
