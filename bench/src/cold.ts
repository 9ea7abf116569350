import { argon2id, type Hasher, type Latchkey } from '@latchkey/core'
import { runBenchmark } from './harness/benchmark.js'
import { type Figures, measureRounds, medianRows, type Running } from './harness/rounds.js'
import { FAST_HASHER, issueMany } from './harness/tokens.js'
import { allAtOnce, oneByOne } from './harness/verifications.js'
import { openData, withInstance } from './stores/index.js'

const TOKENS = 1_000
const HASHERS: readonly Hasher[] = [argon2id(), FAST_HASHER]
const CASES = HASHERS.flatMap((hasher) =>
  ['memory', 'sqlite', 'redis', 'postgres'].map((store) => ({ name: `${hasher.id}-${store}`, hasher, store })),
)

await runBenchmark({
  name: 'cold',
  title: 'The first verification of each of 1,000 tokens',
  about: `
What a restart costs: verifications by an instance that has cached nothing. \`usEach\`: one after another, in microseconds. The
other columns: all at once; how many a second, how many were refused because the store had not answered at its deadline, and how
late the event loop is meanwhile.`,
  cases: CASES.map(({ name }) => name),
  options: { rounds: 3 },
  bounds: () => [
    { row: 'hmac-sha256-memory', figure: 'usEach', atMost: 40, reason: 'with hmacSha256 nobody notices a restart' },
  ],
  measure: async ({ cases, rounds }) => medianRows(await measureRounds(cases, { rounds }, start)),
})

async function start(name: string): Promise<Running<Figures>> {
  const found = CASES.find((each) => each.name === name)
  const hasher = found?.hasher ?? FAST_HASHER
  const data = await openData(found?.store ?? 'memory')
  const restarted = <T>(run: (latchkey: Latchkey) => Promise<T>) => withInstance(data.address, hasher, run)
  const tokens = await restarted((latchkey) => issueMany(latchkey, TOKENS))
  return {
    measure: async () => ({
      usEach: await restarted((latchkey) => oneByOne(latchkey, tokens)),
      ...(await restarted((latchkey) => allAtOnce(latchkey, tokens))),
    }),
    stop: () => data.stop(),
  }
}
