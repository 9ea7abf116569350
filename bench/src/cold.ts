import { argon2id, createLatchkey, type Hasher, hmacSha256 } from '@latchkey/core'
import { allAtOnce, oneByOne } from './cold/first-verifications.js'
import { choose, readBenchArguments } from './lib/arguments.js'
import { checkBounds } from './lib/check.js'
import { issueMany } from './lib/issue.js'
import { median } from './lib/median.js'
import { report } from './lib/report.js'
import { BENCH_STORES, type BenchStore } from './lib/stores.js'

/*
 * What a restart costs: the first verification of each of 1,000 tokens by an instance that has cached nothing, with
 * each hasher on each store. `usEach`: one after another; `perSecond` and the event loop's delay: all at once.
 */

const TOKENS = 1_000
const options = readBenchArguments(3)
const hashers = [argon2id(), hmacSha256({ keys: { bench: Buffer.alloc(32, 1) }, current: 'bench' })]

const all = hashers.flatMap((hasher) =>
  BENCH_STORES.map((store) => ({ name: `${hasher.id}-${store.name}`, hasher, open: store.open })),
)

const rows = []
for (const { name, hasher, open } of choose(all, options.only)) {
  const bench = await open()
  rows.push({ name, ...(await measure(bench, hasher)) })
  await bench.remove()
}
report('cold', rows, options.json)
if (options.check) checkBounds('cold', rows, options.only)

async function measure(bench: BenchStore, hasher: Hasher) {
  const issuing = await bench.connect()
  const issuer = createLatchkey({ store: issuing, hasher })
  const tokens = await issueMany(issuer, TOKENS)
  await issuer.close()
  await issuing.close()
  const each: number[] = []
  const together = []
  for (let round = 0; round < options.rounds; round++) {
    each.push(await restarted(bench, hasher, (latchkey) => oneByOne(latchkey, tokens)))
    together.push(await restarted(bench, hasher, (latchkey) => allAtOnce(latchkey, tokens)))
  }
  return {
    usEach: tenths(median(each)),
    perSecond: Math.round(median(together.map(({ perSecond }) => perSecond))),
    delayP50Ms: tenths(median(together.map(({ delayP50Ms }) => delayP50Ms))),
    delayP99Ms: tenths(median(together.map(({ delayP99Ms }) => delayP99Ms))),
    delayMaxMs: tenths(median(together.map(({ delayMaxMs }) => delayMaxMs))),
  }
}

/** With a fresh instance on a fresh connection. */
async function restarted<T>(
  bench: BenchStore,
  hasher: Hasher,
  run: (latchkey: ReturnType<typeof createLatchkey>) => Promise<T>,
): Promise<T> {
  const store = await bench.connect()
  const latchkey = createLatchkey({ store, hasher, cache: { ttl: 3_600_000 } })
  await latchkey.ready()
  const result = await run(latchkey)
  await latchkey.close()
  await store.close()
  return result
}

function tenths(value: number): number {
  return Math.round(10 * value) / 10
}
