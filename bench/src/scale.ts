import { setTimeout as wait } from 'node:timers/promises'
import { createLatchkey, type Latchkey } from '@latchkey/core'
import { runBenchmark } from './harness/benchmark.js'
import { expect } from './harness/observe.js'
import { type Contender, measureContenders } from './harness/rounds.js'
import { FAST_HASHER, insertRecords, issue, issueMany, LONG_CACHE, SETTLED_AFTER } from './harness/tokens.js'
import { oneByOne, repeatEach, sliceOf } from './harness/verifications.js'
import { checkStore, connectStore, openData, withInstance } from './stores/index.js'

const USED = 500
const CREATED = 500
const PAGE = 200

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
      row: '1000000',
      figure,
      per: '1000',
      atMost: 1.3,
      reason: 'no work on one token depends on their number',
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
  await insertRecords(await store.open('default'), count - USED)
  await data.settle?.()
  const latchkey = createLatchkey({ store, hasher: FAST_HASHER, cache: LONG_CACHE })
  const tokens = await issueMany(latchkey, USED)
  await wait(SETTLED_AFTER)
  for (const token of tokens) expect((await latchkey.verify(token)).ok, 'a good token is admitted')
  const hotNs = await sliceOf(repeatEach((token) => latchkey.verifyCached(token)?.ok === true, tokens))

  const measure = async () => ({
    hotNs: await hotNs(),
    coldUs: await withInstance(data.address, FAST_HASHER, (fresh) => oneByOne(fresh, tokens)),
    createUs: await createUs(latchkey),
    listMs: await listMs(latchkey, count),
  })
  // Compiles what is measured.
  await measure()
  return { measure, stop: () => store.close().then(() => data.stop()) }
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
