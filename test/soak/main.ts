// Mixed traffic on two nodes while things break: --minutes 15 | --seconds n, --store redis, --seed n, --json
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as later } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startRedis } from '@latchkey/test-servers'
import { seededRandom } from '@latchkey/testkit'
import { FaultLog } from './judge.js'
import { NodeClock } from './model.js'
import { startNode } from './node-process.js'
import { monotonic, TTL } from './protocol.js'
import { manageAny, verifyAny } from './traffic.js'
import { makeTrouble } from './trouble.js'
import { between, type SoakNode, Tally, type World } from './world.js'

const STORES = ['memory', 'sqlite', 'redis'] as const
type StoreKind = (typeof STORES)[number]

interface SoakResult {
  readonly tally: Tally
  readonly faults: Readonly<Record<string, number>>
}

/** For each node, so that a frozen one holds up no other. */
const VERIFIERS = 4
const MANAGERS = 2
/** Argon2 as cheap as can be; different, so that nodes replace each other's hashes. */
const MEMORY = [64, 72]

/** Mixed traffic on two nodes (one, for a store in memory) while things break, each verdict judged by the model. */
async function soak(kind: StoreKind, ms: number, seed: number): Promise<SoakResult> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-soak-'))
  const redis =
    kind === 'redis' ? await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] }) : undefined
  const store = { memory: 'memory', sqlite: `sqlite:${join(folder, 'tokens.sqlite')}`, redis: `redis:${redis?.port}` }[
    kind
  ]
  const epoch = Date.now() - monotonic()
  const nodes: SoakNode[] = []
  try {
    for (const [index, memory] of (kind === 'memory' ? MEMORY.slice(0, 1) : MEMORY).entries()) {
      const process = await startNode({ store, epoch, offset: 0, memory })
      nodes.push({ index, process, clock: new NodeClock(epoch) })
    }
    const world: World = {
      nodes,
      tokens: new Set(),
      faults: new FaultLog(),
      tally: new Tally(),
      random: seededRandom(seed),
    }
    await run(world, ms, (deadline) => makeTrouble(world, redis, deadline))
    return { tally: world.tally, faults: world.faults.counts() }
  } finally {
    await Promise.all(nodes.map(({ process }) => process.stop()))
    await redis?.stop()
    await rm(folder, { recursive: true })
  }
}

async function run(world: World, ms: number, trouble: (deadline: number) => Promise<void>): Promise<void> {
  const { nodes, random } = world
  const deadline = monotonic() + ms
  let over = false
  const repeat = async (times: number, pause: number, act: (world: World, node: SoakNode) => Promise<void>) => {
    await Promise.all(
      Array.from({ length: times * nodes.length }, async (_, i) => {
        const node = nodes[i % nodes.length] as SoakNode
        while (!over) {
          await act(world, node)
          await later(between(0, pause, random))
        }
      }),
    )
  }
  const traffic = Promise.all([repeat(VERIFIERS, 8, verifyAny), repeat(MANAGERS, 40, manageAny)])
  await Promise.race([trouble(deadline), traffic])
  // What is whole again must also work again.
  await Promise.race([later(2 * TTL), traffic])
  over = true
  await traffic
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '15' },
    seconds: { type: 'string' },
    store: { type: 'string', default: 'redis' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    json: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.seconds ?? 60 * Number(values.minutes))
const store = STORES.find((kind) => kind === values.store)
if (store === undefined) fail(`--store must be one of ${STORES.join(', ')}, not ${values.store}`)
if (!(seconds > 0)) fail('--minutes and --seconds must be numbers above 0')

const result = await soak(store as StoreKind, 1_000 * seconds, Number(values.seed))
const { tally, faults } = result
const summary = { store, seconds, seed: Number(values.seed), faults, ...tally }
process.stdout.write(values.json ? `${JSON.stringify(summary)}\n` : text(result))
if (tally.wrong > 0) process.exitCode = 1

function text({
  tally: { verifications, writes, refused, unavailable, uncertain, late, wrong, details },
}: SoakResult): string {
  const lines = [
    `soak: ${store}, ${seconds} s, seed ${values.seed}`,
    `faults:        ${counts(faults)}`,
    `verifications: ${total(verifications)} (${counts(verifications)})`,
    `               without a verdict: ${unavailable.inFaults} in faults, ${unavailable.otherwise} otherwise`,
    `writes:        ${total(writes)} (${counts(writes)})`,
    `               refused: ${counts(refused)}; outcome unknown: ${uncertain}`,
    `late verdicts: ${late} (within the bound, though changes should have come sooner)`,
    `wrong:         ${wrong}`,
    ...details,
  ]
  return `${lines.join('\n')}\n`
}

function total(numbers: Readonly<Record<string, number>>): number {
  return Object.values(numbers).reduce((sum, number) => sum + number, 0)
}

function counts(numbers: Readonly<Record<string, number>>): string {
  return Object.entries(numbers)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, number]) => `${name} ${number}`)
    .join(', ')
}

function fail(sentence: string): never {
  process.stderr.write(`latchkey: ${sentence}\n`)
  process.exit(2)
}
