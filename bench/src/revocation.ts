import { setTimeout as wait } from 'node:timers/promises'
import { runBenchmark } from './harness/benchmark.js'
import { expect } from './harness/observe.js'
import { crossings } from './revocation/crossings.js'
import { cutOff } from './revocation/cut-off.js'
import { type Pair, startPair } from './revocation/pair.js'
import { startSilencer } from './revocation/silencer.js'
import { openData } from './stores/index.js'
import type { BenchData } from './stores/store-kind.js'

const HOUR = 3_600_000
const CUT_OFF_TTL = 1_000
const KILL_PERIOD = 2_000

const RUNS = {
  'channel-up': channelUp,
  'subscriber-killed': subscriberKilled,
  'cut-off': redisCutOff,
  'sqlite-two-processes': sqliteTwoProcesses,
}

await runBenchmark({
  name: 'revocation',
  title: 'How fast a revocation reaches another process',
  about: `
Two processes with an instance each, over one real store: A revokes, B serves HTTP. Times run from the acknowledgement of the
write on A to the arrival of B's first refusal, with B asked without pause. B has the token in its cache when it is revoked,
and would keep it for an hour, so only the store can bring the news. \`missed\`: still admitted after 2 s.

- \`channel-up\`: one revocation after another over Redis.
- \`subscriber-killed\`: the pub/sub connections are killed every 2 s, each time just before a write.
- \`cut-off\`: B's connection to Redis falls silent, and B's \`cache.ttl\` is 1,000 ms. Times run to the last answer that admitted
  the token. \`letInLate\`: requests sent after the ttl and admitted. \`not503\`: tokens whose last answer was not 503.
- \`sqlite-two-processes\`: both processes use one file.`,
  cases: Object.keys(RUNS),
  options: { revocations: 1_000 },
  bounds: () => [
    { row: 'channel-up', figure: 'missed', atMost: 0, reason: 'no revocation is lost' },
    { row: 'channel-up', figure: 'p99Ms', atMost: 10, reason: 'the channel tells every process at once' },
    { row: 'subscriber-killed', figure: 'missed', atMost: 0, reason: 'a subscriber reads what it missed' },
    { row: 'subscriber-killed', figure: 'maxMs', atMost: 300, reason: 'a killed subscriber reconnects soon' },
    { row: 'cut-off', figure: 'letInLate', atMost: 0, reason: 'no verdict is older than the ttl of the cache' },
    { row: 'cut-off', figure: 'not503', atMost: 0, reason: 'what cannot be known is answered with 503' },
    { row: 'sqlite-two-processes', figure: 'missed', atMost: 0, reason: 'no revocation is lost' },
    { row: 'sqlite-two-processes', figure: 'maxMs', atMost: 200, reason: 'the other process polls every 100 ms' },
  ],
  async measure({ cases, revocations }) {
    const rows = []
    for (const [name, run] of Object.entries(RUNS))
      if (cases.includes(name)) rows.push({ name, ...(await run(revocations)) })
    return rows
  },
})

function channelUp(revocations: number) {
  return withPair('redis', HOUR, (pair) => crossings(pair, { revocations }))
}

/** Five times as many, since few of them meet a killed subscriber. */
function subscriberKilled(revocations: number) {
  return withPair('redis', HOUR, async (pair, data) => {
    let kills = 0
    let due = 0
    async function killWhenDue(): Promise<void> {
      // Spreads the revocations over several kills.
      await wait(8)
      if (performance.now() < due) return
      due = performance.now() + KILL_PERIOD
      if (Number(await data.killSubscribers?.()) > 0) kills++
    }
    const figures = await crossings(pair, { revocations: 5 * revocations, lanes: 2, before: killWhenDue })
    expect(kills > 0, 'subscribers are killed')
    return { ...figures, kills }
  })
}

async function redisCutOff(revocations: number) {
  const data = await openData('redis')
  const silencer = await startSilencer(Number(new URL(data.address).port))
  const pair = await startPair(data.address, `redis://127.0.0.1:${silencer.port}`, CUT_OFF_TTL)
  try {
    return await cutOff(pair, silencer, CUT_OFF_TTL, revocations)
  } finally {
    await pair.stop()
    await silencer.stop()
    await data.stop()
  }
}

/** At random moments: else the revocations fall into step with B's poll. */
function sqliteTwoProcesses(revocations: number) {
  return withPair('sqlite', HOUR, (pair) =>
    crossings(pair, { revocations, lanes: 4, before: () => wait(100 * Math.random()) }),
  )
}

async function withPair<T>(store: string, ttl: number, run: (pair: Pair, data: BenchData) => Promise<T>): Promise<T> {
  const data = await openData(store)
  const pair = await startPair(data.address, data.address, ttl)
  try {
    return await run(pair, data)
  } finally {
    await pair.stop()
    await data.stop()
  }
}
