import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { createLatchkey, type SortKey } from '@latchkey/core'
import type { EnvironmentStore, ListFilter, ListQuery, ListSort } from '@latchkey/core/store'
import { latchkeyExpress } from '@latchkey/express'
import { readPage } from '@latchkey/testkit'
import autocannon from 'autocannon'
import express from 'express'
import { serve } from '../harness/http.js'
import type { Subject } from './measure.js'
import { DAY, NOW, ownerOf } from './tokens.js'

const PAGE = 200
/** A deep page begins behind so many pages of so many tokens. */
const STEPS = 5
const STEP = 2_000
/** The most that a client can ask for. */
const LIMIT = 10_000
const DURATION = 4_000

const SORTS: Readonly<Record<string, SortKey>> = {
  created: 'createdAt',
  used: 'lastUsedAt',
  expires: 'expiresAt',
  modified: 'modifiedAt',
  name: 'name',
}
const NEWEST: ListSort = { by: 'createdAt', direction: 'desc' }

const TWO_SCOPES = ['reports.read', 'logs.export']
const ago = (days: number) => NOW - days * DAY
const LATELY = { from: ago(30), to: ago(10) }
/** Half of all tokens were used in this range. */
const HALF = { from: ago(300), to: NOW }
const FILTERS: Readonly<Record<string, ListFilter>> = {
  'no filter': {},
  'head owner': { owner: ownerOf(1) },
  'middle owner': { owner: ownerOf(30) },
  'tail owner': { owner: ownerOf(900) },
  personal: { personal: true },
  'scope OR 2': { scopes: TWO_SCOPES },
  'scope OR 2, personal': { scopes: TWO_SCOPES, personal: true },
  'used 30..10 days ago': { lastUsed: LATELY },
  'used within 300 days': { lastUsed: HALF },
  'used > 1 year ago': { lastUsed: { to: ago(365) } },
  'head owner, scope OR 2, used 30..10': { owner: ownerOf(1), scopes: TWO_SCOPES, lastUsed: LATELY },
  'middle owner, scope OR 2, used 300': { owner: ownerOf(30), scopes: TWO_SCOPES, lastUsed: HALF },
  'scope OR 2, used 300': { scopes: TWO_SCOPES, lastUsed: HALF },
  disabled: { enabled: false },
  enabled: { enabled: true },
  'expires within 14 days': { expires: { from: NOW, to: NOW + 14 * DAY } },
  'created 90..60 days ago': { created: { from: ago(90), to: ago(60) } },
  'unused for 90 days': { unusedSince: ago(90) },
  'unused for 90 days, enabled': { unusedSince: ago(90), enabled: true },
  'head owner, expires within 14 days': { owner: ownerOf(1), expires: { from: NOW, to: NOW + 14 * DAY } },
  'scope OR 2, unused for 90 days': { scopes: TWO_SCOPES, unusedSince: ago(90) },
}

/** Pages of every filter by every sort: the first one, and a deep one if there is one. */
export async function pages({ environment, runs, meter }: Subject): Promise<void> {
  for (const [what, filter] of Object.entries(FILTERS)) {
    for (const { name, sort } of sortsOf(what)) {
      const query = { filter, sort, limit: PAGE, count: false }
      await meter.time(`${what}, ${name}`, runs, () => readPage(environment, query))
      // A list that is too slow has its error in the row above.
      const after = await deepPosition(environment, query).catch(() => undefined)
      if (after === undefined) continue
      await meter.time(`${what}, ${name}, deep`, runs, () => readPage(environment, { ...query, after }))
    }
  }
  const large = { filter: {}, sort: NEWEST, limit: 10_000, count: false }
  await meter.time('10,000 rows, no filter', Math.ceil(runs / 4), () => readPage(environment, large))
}

async function deepPosition(environment: EnvironmentStore, query: ListQuery): Promise<string | undefined> {
  let after: string | undefined
  for (let i = 0; i < STEPS; i++) {
    const { next } = await readPage(environment, { ...query, limit: STEP, ...(after !== undefined && { after }) })
    if (next === undefined) return after
    after = next
  }
  return after
}

/** The exact total of each filter, alone and with a page. */
export async function totals({ environment, runs, meter }: Subject): Promise<void> {
  for (const [what, filter] of Object.entries(FILTERS)) {
    const query = { filter, sort: NEWEST, count: true }
    const times = Math.ceil(runs / 4)
    await meter.time(`first count: ${what}`, times, () => readPage(environment, { ...query, limit: 1 }))
    await meter.time(`page and total: ${what}`, times, () => readPage(environment, { ...query, limit: PAGE }))
  }
}

/** What others wait for while lists run: the event loop of the host, and another thread that reads single tokens. */
export async function whileListing(subject: Subject): Promise<void> {
  const { meter, store } = subject
  await meter.eventLoop('lists of all kinds', () => mixedLists(subject, DURATION))
  const latchkey = createLatchkey({ prefix: 'lk', store })
  await meter.eventLoop('lists of 10,000 tokens', async () => {
    for (let i = 0; i < 20; i++) await latchkey.list({ limit: LIMIT })
  })

  const app = express()
  const { tokenRoutes } = latchkeyExpress(latchkey)
  app.use('/tokens', tokenRoutes({ authorize: () => ({ owner: 'bench', scopes: ['*'] }) }))
  const url = `${await serve(app)}tokens?pageSize=${LIMIT}`
  await meter.eventLoop('the same over HTTP, for four clients at once', async () => {
    const { non2xx } = await autocannon({ url, connections: 4, amount: 20, workers: 1, timeout: 60 })
    return { refused: non2xx }
  })
  await latchkey.close()
  if (!subject.address.startsWith('memory:')) await readMeanwhile(subject)
}

async function readMeanwhile(subject: Subject): Promise<void> {
  const ids = subject.ids.filter((_, i) => i % Math.ceil(subject.ids.length / 1_000) === 0)
  const reader = new Worker(new URL('./reader.js', import.meta.url), { workerData: { address: subject.address, ids } })
  const times = once(reader, 'message')
  await mixedLists(subject, DURATION)
  reader.postMessage('stop')
  await subject.meter.times('point read of another thread, while lists run', (await times)[0] as number[])
}

/** Some lists of all kinds, for what else happens meanwhile. */
async function mixedLists({ environment }: Subject, milliseconds: number): Promise<void> {
  const filters = Object.values(FILTERS)
  const end = performance.now() + milliseconds
  for (let i = 0; performance.now() < end; i++) {
    const filter = filters[i % filters.length] ?? {}
    await readPage(environment, { filter, sort: NEWEST, limit: PAGE, count: i % 4 === 0 })
  }
}

/** Both directions without a filter, one of each with a filter. */
function sortsOf(what: string): { name: string; sort: ListSort }[] {
  return Object.entries(SORTS).flatMap(([word, by]) => {
    const usual = by === 'name' || by === 'expiresAt' ? 'asc' : 'desc'
    const directions = what === 'no filter' ? (['asc', 'desc'] as const) : ([usual] as const)
    return directions.map((direction) => ({
      name: `${direction === 'asc' ? '+' : '-'}${word}`,
      sort: { by, direction },
    }))
  })
}
