// Clients of the two published APIs, and of our own, work against the example host as they are, and as its description
// says.
import type { DialectName } from '@latchkey/core'
import { expect, test } from 'vitest'
import { FRAMEWORKS, type RunningHost, startHost } from '../host/start-host.js'
import { type Description, disagreements, operationOf, operationsOf } from './described.js'
import { dynatraceCreate } from './dynatrace-create.js'
import { dynatraceList } from './dynatrace-list.js'
import { dynatraceToken } from './dynatrace-token.js'
import { type Credential, type Exchange, type Observed, perform, type Saved } from './exchange.js'
import { latchkeyLog } from './latchkey-log.js'
import { pantherLog } from './panther-log.js'

/** What the clients of one API send, in order, and where and how they send it. */
interface RequestLog {
  readonly dialect: DialectName
  /** Where the example host answers it. */
  readonly api: string
  /** The same in an environment of its own. */
  readonly there?: string
  readonly credential: Credential
  readonly exchanges: readonly Exchange[]
}

const LOGS: readonly RequestLog[] = [
  {
    dialect: 'dynatrace',
    api: '/api/v2/apiTokens',
    there: '/e/clients/api/v2/apiTokens',
    credential: (token) => ({ Authorization: `Api-Token ${token}` }),
    exchanges: [...dynatraceCreate, ...dynatraceList, ...dynatraceToken],
  },
  {
    dialect: 'panther',
    api: '/api-tokens',
    credential: (token) => ({ 'X-API-Key': token }),
    exchanges: pantherLog,
  },
  {
    dialect: 'latchkey',
    api: '/tokens',
    credential: (token) => ({ Authorization: `Bearer ${token}` }),
    exchanges: latchkeyLog,
  },
]

interface Replayed {
  /** What went over the wire, in order. */
  readonly seen: readonly Observed[]
  /** Of every exchange whose answer was another. */
  readonly failures: readonly string[]
}

/** Sends everything in a log, in order, whatever fails. */
async function replay(
  { api, there, credential, exchanges }: RequestLog,
  { url, adminToken }: RunningHost,
): Promise<Replayed> {
  const saved: Saved = { api, there, admin: adminToken }
  const seen: Observed[] = []
  const failures: string[] = []
  for (const exchange of exchanges) {
    try {
      seen.push(await perform(exchange, url, saved, credential))
    } catch (error) {
      failures.push(`${exchange.shows} (${exchange.send})\n${error instanceof Error ? error.message : error}`)
    }
  }
  return { seen, failures }
}

const cases = FRAMEWORKS.flatMap((framework) => LOGS.map((log) => ({ framework, dialect: log.dialect, log })))

// Some hundred requests each, and as many slow hashes: seconds, but not on a machine that does much else.
const options = { timeout: 180_000 }

test.concurrent.for(cases)(
  'a client of $dialect gets its answers from $framework',
  options,
  async ({ framework, log }) => {
    const host = await startHost(framework)
    try {
      const { seen, failures } = await replay(log, host)
      expect(failures).toEqual([])
      expect(seen).toHaveLength(log.exchanges.length)
      expect(host.stderr()).toBe('')

      const description = (await (await fetch(`${host.url + log.api}/openapi.json`)).json()) as Description
      const here = seen.filter(({ target }) => target.startsWith(log.api))
      const disagree = disagreements(description)
      expect(
        here.flatMap((each) => disagree(each).map((what) => `${each.method} ${each.target} ${each.status} ${what}`)),
      ).toEqual([])
      expect(unmet(description, here)).toEqual([])
    } finally {
      await host.stop()
    }
  },
)

/** The described answers that nobody got, but for what takes a race or a failing store, and unused parameters. */
function unmet(description: Description, seen: readonly Observed[]): readonly string[] {
  const met = new Set(
    seen.flatMap((observed) => {
      const operation = operationOf(description, observed)?.operationId
      const parameters = [...new URL(observed.target, 'http://host').searchParams.keys()]
      return [observed.status, ...(observed.status === 200 ? parameters : [])].map((each) => `${operation} ${each}`)
    }),
  )
  return operationsOf(description)
    .flatMap(({ operationId, responses, parameters }) => {
      const queried = parameters.filter((each) => each.in === 'query').map(({ name }) => name)
      return [...Object.keys(responses), ...queried].map((each) => `${operationId} ${each}`)
    })
    .filter((each) => !met.has(each) && !/ (409|503)$/.test(each))
}
