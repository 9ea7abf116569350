import { setTimeout as later } from 'node:timers/promises'
import { seededRandom } from '@latchkey/testkit'
import { clientAny } from './clients.js'
import { Crowd } from './crowd.js'
import { FaultLog } from './judge.js'
import { type EarlyMemory, findLeaks, type Leaks, ROWS, watchWarmUps } from './leaks.js'
import { NodeClock } from './model.js'
import { startNode } from './node-process.js'
import { type Framework, monotonic, TTL } from './protocol.js'
import { type SoakStore, type StoreName, startStore } from './store.js'
import { manageAny, verifyAny } from './traffic.js'
import { makeTrouble } from './trouble.js'
import { between, type ClientTokens, type SoakNode, Tally, type World } from './world.js'

export interface SoakResult extends Leaks {
  readonly tally: Tally
  readonly faults: Readonly<Record<string, number>>
}

/** For each node, so that a frozen one holds up no other. */
const VERIFIERS = 4
const MANAGERS = 2
const CLIENTS = 4
/** Argon2 as cheap as can be; different, so that nodes replace each other's hashes. */
const NODES: readonly { readonly framework: Framework; readonly memory: number }[] = [
  { framework: 'express', memory: 64 },
  { framework: 'koa', memory: 72 },
]
/** One more than there may be long pages at a time. */
const READERS = 5
const TARGETS = 8
const MOST_WARM_UP = 60_000

/** Mixed traffic on two nodes (one, for a store in memory) while things break, each verdict judged by the model. */
export async function soak(name: StoreName, ms: number, seed: number): Promise<SoakResult> {
  const store = await startStore(name)
  const epoch = Date.now() - monotonic()
  const nodes: SoakNode[] = []
  try {
    for (const [index, { framework, memory }] of (name === 'memory' ? NODES.slice(0, 1) : NODES).entries()) {
      const process = await startNode({ store: store.address, framework, epoch, offset: 0, memory })
      nodes.push({ index, framework, process, clock: new NodeClock(epoch), crowd: new Crowd() })
    }
    const [first] = nodes
    const lasting = nodes[seed % nodes.length]
    if (first === undefined || lasting === undefined) throw new RangeError('There are no nodes')
    const world: World = {
      nodes,
      lasting,
      tokens: new Set(),
      clientTokens: await prepare(first),
      faults: new FaultLog(),
      tally: new Tally(),
      random: seededRandom(seed),
    }
    const leaks = await run(world, store, ms)
    return { tally: world.tally, faults: world.faults.counts(), ...leaks }
  } finally {
    await Promise.all(nodes.map(({ process }) => process.stop()))
    await store.stop()
  }
}

/** Fills the store, and makes the tokens of the clients. */
async function prepare({ process }: SoakNode): Promise<ClientTokens> {
  const issue = async (owner: string, ...scopes: string[]) => {
    const answer = await process.ask({ do: 'create', owner, scopes })
    if (!('token' in answer)) throw new Error(`A token could not be made: ${JSON.stringify(answer)}`)
    return answer
  }
  const filled = await process.ask({ do: 'fill', count: ROWS })
  if (!('done' in filled)) throw new Error(`The store could not be filled: ${JSON.stringify(filled)}`)
  const readers = await Promise.all(Array.from({ length: READERS }, (_, i) => issue(`reader ${i}`, 'apiTokens.read')))
  const writer = await issue('writer', 'apiTokens.write', 'a.read')
  const targets = await Promise.all(Array.from({ length: TARGETS }, () => issue('writer', 'a.read')))
  return { readers: readers.map(({ token }) => token), writer: writer.token, targets: targets.map(({ id }) => id) }
}

async function run(world: World, store: SoakStore, ms: number): Promise<Leaks> {
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
  const early: EarlyMemory = new Map()
  const watching = new AbortController()
  const warmUp = Math.min(ms / 4, MOST_WARM_UP)
  const traffic = Promise.all([
    repeat(VERIFIERS, 8, verifyAny),
    repeat(MANAGERS, 40, manageAny),
    repeat(CLIENTS, 200, clientAny),
    ...nodes.map(async (node) => watchWarmUps(world, node, warmUp, early, watching.signal)),
  ])
  await Promise.race([makeTrouble(world, store, deadline), traffic])
  // What is whole again must also work again.
  await Promise.race([later(2 * TTL), traffic])
  over = true
  watching.abort()
  for (const { crowd } of nodes) crowd.end()
  await traffic
  return findLeaks(world, early)
}
