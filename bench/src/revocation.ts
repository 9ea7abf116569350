import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startRedis } from '@latchkey/test-servers'
import { checkBounds } from './lib/check.js'
import { expect } from './lib/expect.js'
import { report } from './lib/report.js'
import { crossings } from './revocation/crossings.js'
import { cutOff } from './revocation/cut-off.js'
import { killSubscriber } from './revocation/kill-subscriber.js'
import { startPair } from './revocation/pair.js'
import { startSilencer } from './revocation/silencer.js'

/*
 * How long a token that one process has revoked is still let in by another, over one real store. Where the channel is
 * measured B's cache would keep a token for an hour, so that nothing but the channel can bring the news. In `cut-off`
 * nothing can, and the times say when B let a token in for the last time.
 */

const HOUR = 3_600_000
const CUT_OFF_TTL = 1_000
const KILL_EVERY = 2_000

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    only: { type: 'string' },
    revocations: { type: 'string', default: '1000' },
  },
})
const revocations = Number(values.revocations)
if (!Number.isInteger(revocations) || revocations < 1) {
  throw new Error(`--revocations must be a whole number, not ${values.revocations}`)
}
const only = values.only?.split(',')
const runs = {
  'channel-up': channelUp,
  'subscriber-killed': subscriberKilled,
  'cut-off': cutOffFromStore,
  'sqlite-two-processes': sqliteTwoProcesses,
}

const rows = []
for (const [name, run] of Object.entries(runs)) {
  if (only?.includes(name) ?? true) rows.push({ name, ...(await run()) })
}
report('revocation', rows, values.json)
if (values.check) checkBounds('revocation', rows, only)

async function channelUp() {
  const server = await startRedis()
  const pair = await startPair({ redis: server.port, name: 'a' }, { redis: server.port, name: 'b' }, HOUR)
  try {
    return await crossings(pair, { revocations })
  } finally {
    await pair.stop()
    await server.stop()
  }
}

/** Five times as many, since few of them meet a killed subscriber. */
async function subscriberKilled() {
  const server = await startRedis()
  const pair = await startPair({ redis: server.port, name: 'a' }, { redis: server.port, name: 'b' }, HOUR)
  let kills = 0
  let due = 0
  try {
    const figures = await crossings(pair, {
      revocations: 5 * revocations,
      lanes: 2,
      async before() {
        // So that they last for some kills.
        await wait(8)
        if (performance.now() < due) return
        due = performance.now() + KILL_EVERY
        if (await killSubscriber(server, 'b')) kills++
      },
    })
    expect(kills > 0, 'the subscriber is killed')
    return { ...figures, kills }
  } finally {
    await pair.stop()
    await server.stop()
  }
}

async function cutOffFromStore() {
  const server = await startRedis()
  const silencer = await startSilencer(server.port)
  const through = { redis: silencer.port, name: 'b' }
  const pair = await startPair({ redis: server.port, name: 'a' }, through, CUT_OFF_TTL)
  try {
    return await cutOff(pair, silencer, CUT_OFF_TTL, revocations)
  } finally {
    await pair.stop()
    await silencer.stop()
    await server.stop()
  }
}

async function sqliteTwoProcesses() {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-revocation-'))
  const where = { sqlite: join(folder, 'tokens.sqlite') }
  const pair = await startPair(where, where, HOUR)
  try {
    return await crossings(pair, {
      revocations,
      lanes: 4,
      // They would fall into step with B's poll.
      before: () => wait(100 * Math.random()),
    })
  } finally {
    await pair.stop()
    await rm(folder, { recursive: true })
  }
}
