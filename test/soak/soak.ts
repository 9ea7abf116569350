import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as later } from 'node:timers/promises'
import { startRedis } from '@latchkey/test-servers'
import { seededRandom } from '@latchkey/testkit'
import { FaultLog } from './fault-log.js'
import { manageAny } from './manage.js'
import { NodeClock } from './node-clock.js'
import { startNode } from './node-process.js'
import { TTL } from './protocol.js'
import { between } from './random.js'
import { Tally } from './tally.js'
import { monotonic } from './time.js'
import { makeTrouble } from './trouble.js'
import { verifyAny } from './verify.js'
import type { SoakNode, World } from './world.js'

export const STORES = ['memory', 'sqlite', 'redis'] as const
export type StoreKind = (typeof STORES)[number]

export interface SoakResult {
  readonly tally: Tally
  readonly faults: Readonly<Record<string, number>>
}

/** For each node, so that a frozen one holds up no other. */
const VERIFIERS = 4
const MANAGERS = 2
/** Argon2 as cheap as can be; different, so that nodes replace each other's hashes. */
const MEMORY = [64, 72]

/** Mixed traffic on two nodes (one, for a store in memory) while things break, each verdict judged by the model. */
export async function soak(kind: StoreKind, ms: number, seed: number): Promise<SoakResult> {
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
