import type { Latchkey } from '@latchkey/core'
import { counted } from '@latchkey/core/adapter'
import type { GlobalOptions } from '../options.js'
import type { Target } from '../target/target.js'
import { copyFindings } from './copies.js'
import type { Finding } from './finding.js'
import { recordFindings } from './records.js'
import { serverFindings } from './server.js'

const DAY = 86_400_000

/** Everything that the doctor looks at, as it is found. */
export async function* examine(
  target: Target,
  { environment = 'default', config }: GlobalOptions,
): AsyncGenerator<Finding> {
  const { latchkey, store, server } = target
  if (config !== undefined) yield* copyFindings(config)
  yield await reachable(latchkey)
  if (server !== undefined) yield* serverFindings(server, Date.now)
  if (store !== undefined) yield* storeFindings(store, environment)
  yield* tokenFindings(latchkey, Date.now())
  if (store !== undefined) yield* recordFindings(target, store)
}

async function reachable(latchkey: Latchkey): Promise<Finding> {
  const ms = await latchkey.ping()
  return { level: 'ok', text: `The store answers within ${Math.ceil(ms)} ms.` }
}

/** What a store that can check itself has to say: that of Redis can. */
async function* storeFindings(store: object, environment: string): AsyncGenerator<Finding> {
  if (!('check' in store) || typeof store.check !== 'function') return
  const { problems, warnings } = await store.check(environment)
  for (const text of problems) yield { level: 'error', text, advice: 'latchkey rebuild makes the indexes anew.' }
  for (const text of warnings) yield { level: 'notice', text }
}

async function* tokenFindings(latchkey: Latchkey, now: number): AsyncGenerator<Finding> {
  const count = async (filter: Parameters<Latchkey['list']>[0]) =>
    (await latchkey.list({ ...filter, limit: 1 })).totalCount
  const all = await count({})
  yield { level: 'ok', text: `The environment ${latchkey.environment} has ${counted(all, 'token')}.` }
  const endless = all - (await count({ expires: { from: 0 } }))
  if (endless > 0) {
    const advice = 'Set maxLifetime, so that new ones do; latchkey update --expires gives one an end.'
    yield { level: 'notice', text: `${counted(endless, 'token')} will never expire.`, advice }
  }
  const unused = await count({ unusedSince: now - 90 * DAY })
  if (unused > 0) {
    const advice = 'latchkey list --unused-since now-90d names them.'
    yield { level: 'notice', text: `${counted(unused, 'token')} went unused for 90 days.`, advice }
  }
  const expired = await count({ expires: { to: now } })
  if (expired > 0) {
    const advice = 'latchkey purge --expired-before now-30d removes those that nobody asks about any more.'
    yield { level: 'notice', text: `${counted(expired, 'token')} expired.`, advice }
  }
}
