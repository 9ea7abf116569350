import { createLatchkey, memoryStore, type TokenStore } from '@latchkey/core'
import { runBenchmark } from './harness/benchmark.js'
import { expect, memoryInUse } from './harness/observe.js'
import { measureContenders } from './harness/rounds.js'
import { FAST_HASHER, LONG_CACHE } from './harness/tokens.js'

await runBenchmark({
  name: 'memory',
  title: 'The memory of a cached token',
  about: 'Bytes for each of so many cached tokens, after garbage collection: on the heap, and outside of it.',
  cases: ['50000', '500000'],
  options: { rounds: 1 },
  bounds: () => [
    { row: /./, figure: 'bytes', atMost: 1_024, reason: '50,000 cached tokens, the default, take less than 50 MiB' },
  ],
  measure: ({ cases, rounds }) =>
    measureContenders(cases, { rounds, starts: rounds }, ['--expose-gc', '--max-old-space-size=8192']),
  contender: async (name) => ({ measure: () => measure(Number(name)) }),
})

async function measure(count: number) {
  const store = copying(memoryStore())
  const tokens = await issueDifferent(store, count)
  const before = await memoryInUse()
  // Without last uses: they are written to the records, which belong to the store.
  const cache = { ...LONG_CACHE, max: count }
  const latchkey = createLatchkey({ store, hasher: FAST_HASHER, cache, lastUsed: false })
  for (const token of tokens) expect((await latchkey.verify(token)).ok, 'a good token is admitted')
  const after = await memoryInUse()
  expect(latchkey.stats().cachedTokens === count, 'every token is cached')
  expect(
    tokens.every((token) => latchkey.verifyCached(token)?.ok === true),
    'every proof is cached',
  )
  const heapBytes = (after.heap - before.heap) / count
  const externalBytes = (after.external - before.external) / count
  return { bytes: heapBytes + externalBytes, heapBytes, externalBytes }
}

/** Tokens with different names and owners and three scopes, as hosts have them. */
async function issueDifferent(store: TokenStore, count: number): Promise<string[]> {
  const issuer = createLatchkey({ store, hasher: FAST_HASHER })
  const scopes = ['reports.read', 'reports.write', 'metrics.ingest']
  const tokens: string[] = []
  for (let i = 0; i < count; i++) {
    const owner = `owner-${Math.floor(i / 10)}@example.com`
    const { token } = await issuer.create({ owner, name: `Nightly export ${i}`, scopes })
    // Copied into one piece, as it comes in a request. V8 would do that later, and we would measure it.
    tokens.push(Buffer.from(token).toString())
  }
  await issuer.close()
  return tokens
}

/** A store whose records are new copies, as from a database: the cache shares no text with the store. */
function copying(inner: TokenStore): TokenStore {
  return {
    ...inner,
    async open(name) {
      const environment = await inner.open(name)
      const find: typeof environment.find = async (id) => {
        const record = await environment.find(id)
        return record && JSON.parse(JSON.stringify(record))
      }
      return { ...environment, find }
    },
  }
}
