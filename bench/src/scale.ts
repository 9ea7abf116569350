import { setTimeout as wait } from 'node:timers/promises'
import { createLatchkey, type Latchkey } from '@latchkey/core'
import { CREATED_AT, tokenRecord } from '@latchkey/testkit'
import { runBenchmark } from './harness/benchmark.js'
import { expect } from './harness/observe.js'
import { type Contender, inLanes, measureContenders } from './harness/rounds.js'
import { FAST_HASHER, issue, issueMany, LONG_CACHE, SETTLED_AFTER } from './harness/tokens.js'
import { oneByOne, repeatEach, sliceOf } from './harness/verifications.js'
import { checkStore, connectStore, openData } from './stores/index.js'

const USED = 500
const CREATED = 500
const PAGE = 200
const AT_ONCE = 32

await runBenchmark({
  name: 'scale',
  title: 'As the number of tokens grows',
  about: `
One operation with so many tokens in the store: a cached verification (\`hotNs\`), a first one (\`coldUs\`), a creation, and a list
of 200 with the total. Only the list may grow: the memory store, the default of \`--store\`, sorts what it lists.`,
  cases: ['1000', '10000', '100000', '1000000'],
  options: { store: 'memory', rounds: 7 },
  bounds: () =>
    ['hotNs', 'coldUs', 'createUs'].map((figure) => ({
      ...{ row: '1000000', figure, per: '1000', atMost: 1.3, reason: 'no work on one token depends on their number' },
    })),
  measure({ cases, rounds, store }) {
    checkStore(store)
    return measureContenders(cases, { rounds }, ['--max-old-space-size=8192'])
  },
  contender: (name, { store }) => prepare(Number(name), store),
})

async function prepare(count: number, kind: string): Promise<Contender> {
  const data = await openData(kind)
  const store = await connectStore(data.address)
  const environment = await store.open('default')
  // Records whose tokens nobody has: to hash a million secrets takes a minute.
  await inLanes(AT_ONCE, Array(count - USED).keys(), (i) =>
    environment.insert(
      tokenRecord({ name: `Nightly export ${i}`, owner: `owner-${i % 1_000}`, createdAt: CREATED_AT + i }),
    ),
  )
  await data.settle?.()
  const latchkey = createLatchkey({ store, hasher: FAST_HASHER, cache: LONG_CACHE })
  const tokens = await issueMany(latchkey, USED)
  await wait(SETTLED_AFTER)
  for (const token of tokens) expect((await latchkey.verify(token)).ok, 'a good token is admitted')
  const hotNs = await sliceOf(repeatEach((token) => latchkey.verifyCached(token)?.ok === true, tokens))

  const measure = async () => ({
    hotNs: await hotNs(),
    coldUs: await coldUs(data.address, tokens),
    createUs: await createUs(latchkey),
    listMs: await listMs(latchkey, count),
  })
  // Compiles what is measured.
  await measure()
  return { measure, stop: () => store.close().then(() => data.stop()) }
}

/** With a new instance on a new connection. */
async function coldUs(address: string, tokens: readonly string[]): Promise<number> {
  const store = await connectStore(address)
  const fresh = createLatchkey({ store, hasher: FAST_HASHER, cache: LONG_CACHE })
  await fresh.ready()
  const us = await oneByOne(fresh, tokens)
  await fresh.close()
  await store.close()
  return us
}

async function createUs(latchkey: Latchkey): Promise<number> {
  const created: string[] = []
  const start = performance.now()
  for (let i = 0; i < CREATED; i++) created.push(await issue(latchkey))
  const us = (1_000 * (performance.now() - start)) / CREATED
  for (const token of created) await latchkey.delete(token)
  return us
}

async function listMs(latchkey: Latchkey, count: number): Promise<number> {
  const start = performance.now()
  const page = await latchkey.list({ limit: PAGE })
  const ms = performance.now() - start
  expect(page.tokens.length === PAGE && page.totalCount === count, 'a page is full, and the total is exact')
  return ms
}
