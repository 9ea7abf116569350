import { setTimeout as later } from 'node:timers/promises'
import { LIST } from './clients.js'
import { type Holdings, type Memory, monotonic } from './protocol.js'
import type { SoakNode, World } from './world.js'

// What nodes keep of clients that have left.

/** So many tokens that nobody holds are in every list. */
export const ROWS = 1_000
/**
 * At the end a node may take so much more than after its warm-up, in MiB. A long page takes 4 MiB as an answer: if one
 * in fifty is kept, a run of 15 minutes shows it. Resident memory follows the peaks between collections, by some 60
 * MiB.
 */
const MAX_GROWTH: Memory = { resident: 128, inUse: 16 }
/** Within so many ms after the last client has left, everything must be given back. */
const SETTLED_WITHIN = 15_000

/** What a node took after its warm-up and at the end, both since its last start and without clients. */
export interface NodeMemory {
  readonly node: string
  /** How long it has run. */
  readonly seconds: number
  /** Absent: it was started too late. */
  readonly early: Memory | undefined
  readonly end: Memory | undefined
}

export interface Leaks {
  readonly memory: readonly NodeMemory[]
  /** A sentence for each. */
  readonly leaks: readonly string[]
}

/** Memory after the warm-up, by node; and of which start. */
export type EarlyMemory = Map<SoakNode, Memory & { readonly started: number }>

/** Sends the node's clients away and measures it, `warmUp` ms after each of its starts, until the signal. */
export async function watchWarmUps(
  world: World,
  node: SoakNode,
  warmUp: number,
  early: EarlyMemory,
  signal: AbortSignal,
): Promise<void> {
  const pause = async (ms: number) => later(ms, undefined, { signal }).catch(() => undefined)
  while (!signal.aborted) {
    const { started } = node.process
    const age = monotonic() - started
    if (early.get(node)?.started === started) await pause(200)
    else if (age < warmUp) await pause(warmUp - age)
    else {
      const held = await node.crowd.awayDuring(async () => {
        await readLists(world, node, monotonic())
        return settled(node, ({ connections }) => connections === 0)
      })
      if (held !== undefined && node.process.started === started) early.set(node, { started, ...held.memory })
      else await pause(200)
    }
  }
}

/** What is left when all clients have left and nothing is broken any more. */
export async function findLeaks(world: World, early: EarlyMemory): Promise<Leaks> {
  const memory: NodeMemory[] = []
  const leaks: string[] = []
  for (const node of world.nodes) {
    const name = `node ${node.index} (${node.framework})`
    const { started } = node.process
    const problems = await readLists(world, node, monotonic() + SETTLED_WITHIN)
    const held = await settled(node, isEmpty)
    const first = early.get(node)
    const from = first?.started === started ? first : undefined
    memory.push({ node: name, seconds: (monotonic() - started) / 1_000, early: from, end: held?.memory })
    leaks.push(...[...problems, ...leftOf(held, from)].map((sentence) => `${name} ${sentence}`))
  }
  return { memory, leaks }
}

function isEmpty({ connections, proofs, uses }: Holdings): boolean {
  return connections === 0 && proofs === 0 && uses === 0
}

/** What the node holds once it is as wanted, or when it took too long. `undefined`: it does not answer. */
async function settled(node: SoakNode, isDone: (held: Holdings) => boolean): Promise<Holdings | undefined> {
  const deadline = monotonic() + SETTLED_WITHIN
  for (;;) {
    const answer = await node.process.ask({ do: 'holdings', collect: false })
    if (!('holdings' in answer)) return undefined
    if (isDone(answer.holdings) || monotonic() > deadline) break
    await later(50)
  }
  const last = await node.process.ask({ do: 'holdings', collect: true })
  return 'holdings' in last ? last.holdings : undefined
}

function leftOf(held: Holdings | undefined, early: Memory | undefined): string[] {
  if (held === undefined) return ['does not answer']
  const { memory, connections, proofs, uses, errors } = held
  const left = [
    [connections, 'open connections'],
    [proofs, 'slow hashes that run or wait'],
    [uses, 'last uses that are not written'],
  ] as const
  const resident = memory.resident - (early ?? memory).resident
  const inUse = memory.inUse - (early ?? memory).inUse
  return [
    ...left.flatMap(([count, what]) => (count > 0 ? `has ${count} ${what} after all clients have left` : [])),
    ...(resident > MAX_GROWTH.resident ? [`takes ${Math.round(resident)} MiB more than after its warm-up`] : []),
    ...(inUse > MAX_GROWTH.inUse ? [`has ${Math.round(inUse)} MiB more in use than after its warm-up`] : []),
    ...errors.map((error) => `told its framework: ${error}`),
  ]
}

/**
 * All readers ask for a long page at once: it is as much as a node ever has at a time, and more than there are places,
 * so a place that was not given back shows. Resolves to what is wrong at the deadline.
 */
async function readLists({ clientTokens }: World, node: SoakNode, deadline: number): Promise<string[]> {
  const read = clientTokens.readers.map(async (token) => readList(node, token, deadline))
  return (await Promise.all(read)).flatMap((problem) => problem ?? [])
}

async function readList({ process }: SoakNode, token: string, deadline: number): Promise<string | undefined> {
  for (;;) {
    const problem = await tryList(process.port, token).catch((error: unknown) => `did not answer a list: ${error}`)
    if (problem === undefined || monotonic() > deadline) return problem
    await later(200)
  }
}

async function tryList(port: number, token: string): Promise<string | undefined> {
  const answer = await fetch(`http://127.0.0.1:${port}${LIST}`, {
    headers: { authorization: `Bearer ${token}`, connection: 'close' },
    signal: AbortSignal.timeout(SETTLED_WITHIN),
  })
  const { apiTokens = [] } = (await answer.json()) as { apiTokens?: unknown[] }
  if (answer.status === 200 && apiTokens.length >= ROWS) return undefined
  return `answered a list with ${answer.status} and ${apiTokens.length} tokens`
}
