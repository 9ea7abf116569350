import { setTimeout as wait } from 'node:timers/promises'
import { startTcpProxy } from '@latchkey/test-servers'
import { runBenchmark } from './harness/benchmark.js'
import { expect } from './harness/observe.js'
import type { Figures } from './harness/rounds.js'
import { crossings, cutOff } from './revocation/measure.js'
import { withPair } from './revocation/pair.js'
import { openData } from './stores/index.js'
import type { BenchData } from './stores/store-kind.js'

const HOUR = 3_600_000
const CUT_OFF_TTL = 1_000
const KILL_PERIOD = 2_000

type Run = (data: BenchData, revocations: number) => Promise<Figures>

const RUNS: Readonly<Record<string, { readonly store: string; readonly run: Run }>> = {
  'channel-up': { store: 'redis', run: oneAfterAnother },
  'subscriber-killed': { store: 'redis', run: listenersKilled },
  'cut-off': { store: 'redis', run: silenced },
  'sqlite-two-processes': { store: 'sqlite', run: atRandomMoments },
  postgres: { store: 'postgres', run: oneAfterAnother },
  'postgres-listener-killed': { store: 'postgres', run: listenersKilled },
  'postgres-cut-off': { store: 'postgres', run: silenced },
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
- \`sqlite-two-processes\`: both processes use one file.
- \`postgres\`, \`postgres-listener-killed\`, \`postgres-cut-off\`: as the first three, over PostgreSQL.`,
  cases: Object.keys(RUNS),
  options: { revocations: 1_000 },
  bounds: () => [
    { row: 'channel-up', figure: 'missed', atMost: 0, reason: 'no revocation is lost' },
    { row: 'channel-up', figure: 'p99Ms', atMost: 10, reason: 'the channel tells every process at once' },
    { row: 'subscriber-killed', figure: 'missed', atMost: 0, reason: 'a subscriber reads what it missed' },
    { row: 'subscriber-killed', figure: 'maxMs', atMost: 300, reason: 'a killed subscriber reconnects soon' },
    { row: 'cut-off', figure: 'letInLate', atMost: 0, reason: 'no verdict is older than the ttl of the cache' },
    { row: 'cut-off', figure: 'not503', atMost: 0, reason: 'what cannot be known is answered with 503' },
    { row: 'postgres', figure: 'missed', atMost: 0, reason: 'no revocation is lost' },
    { row: 'postgres', figure: 'p50Ms', atMost: 5, reason: 'NOTIFY tells every process at once' },
    { row: 'postgres', figure: 'p99Ms', atMost: 50, reason: 'NOTIFY tells every process at once' },
    { row: 'postgres-listener-killed', figure: 'missed', atMost: 0, reason: 'the poll finds every change' },
    { row: 'postgres-listener-killed', figure: 'maxMs', atMost: 1_000, reason: 'every process polls' },
    {
      row: 'postgres-cut-off',
      figure: 'letInLate',
      atMost: 0,
      reason: 'no verdict is older than the ttl of the cache',
    },
    { row: 'postgres-cut-off', figure: 'not503', atMost: 0, reason: 'what cannot be known is answered with 503' },
    { row: 'sqlite-two-processes', figure: 'missed', atMost: 0, reason: 'no revocation is lost' },
    { row: 'sqlite-two-processes', figure: 'maxMs', atMost: 200, reason: 'the other process polls every 100 ms' },
  ],
  async measure({ cases, revocations }) {
    const rows = []
    for (const name of cases) {
      const { store, run } = RUNS[name] as (typeof RUNS)[string]
      const data = await openData(store)
      try {
        rows.push({ name, ...(await run(data, revocations)) })
      } finally {
        await data.stop()
      }
    }
    return rows
  },
})

function oneAfterAnother(data: BenchData, revocations: number) {
  return withPair(data, data.address, HOUR, (pair) => crossings(pair, { revocations }))
}

/** Five times as many, since few of them meet a killed listener. */
async function listenersKilled(data: BenchData, revocations: number) {
  let kills = 0
  let due = 0
  async function killWhenDue(): Promise<void> {
    // Spreads the revocations over several kills.
    await wait(8)
    if (performance.now() < due) return
    due = performance.now() + KILL_PERIOD
    if (Number(await data.killListeners?.()) > 0) kills++
  }
  const figures = await withPair(data, data.address, HOUR, (pair) =>
    crossings(pair, { revocations: 5 * revocations, lanes: 2, before: killWhenDue }),
  )
  expect(kills > 0, 'listeners are killed')
  return { ...figures, kills }
}

async function silenced(data: BenchData, revocations: number) {
  const address = new URL(data.address)
  const proxy = await startTcpProxy(Number(address.port))
  address.port = String(proxy.port)
  try {
    return await withPair(data, address.href, CUT_OFF_TTL, (pair) => cutOff(pair, proxy, CUT_OFF_TTL, revocations))
  } finally {
    await proxy.stop()
  }
}

/** Else the revocations fall into step with B's poll. */
function atRandomMoments(data: BenchData, revocations: number) {
  return withPair(data, data.address, HOUR, (pair) =>
    crossings(pair, { revocations, lanes: 4, before: () => wait(100 * Math.random()) }),
  )
}
