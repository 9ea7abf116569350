import { setTimeout as later } from 'node:timers/promises'
import { randomItem } from '@latchkey/testkit'
import { monotonic, TTL } from './protocol.js'
import type { SoakServer, SoakStore } from './store.js'
import { between, type World, weighted } from './world.js'

type Trouble = (world: World) => Promise<void>

/** Longer than the bound every other time. */
const LONGEST = 2 * TTL
const STEPS = [0, 0, 500, -500, 2_000, -2_000, 10_000, -10_000, 3_600_000, -3_600_000]

async function freezeNode({ nodes, faults, random }: World): Promise<void> {
  const node = randomItem(nodes, random)
  const fault = faults.begin('node frozen', node.index, monotonic())
  node.process.freeze()
  await later(between(50, LONGEST, random))
  node.process.thaw()
  fault.to = monotonic()
}

async function killNode({ nodes, lasting, faults, random }: World): Promise<void> {
  const node = randomItem(
    nodes.filter((other) => other !== lasting),
    random,
  )
  const fault = faults.begin('node killed', node.index, monotonic())
  await node.process.replace(node.clock.offset)
  fault.to = monotonic()
}

async function stepClock({ nodes, faults, random }: World): Promise<void> {
  const node = randomItem(nodes, random)
  const offset = randomItem(STEPS, random)
  const begun = monotonic()
  faults.begin('clock stepped', node.index, begun).to = begun
  const stepped = node.clock.step(offset, begun)
  const answer = await node.process.ask({ do: 'step', offset })
  if ('error' in answer) throw new Error(`A clock could not be stepped: ${answer.error}`)
  stepped(monotonic())
}

function freezeServer(server: SoakServer): Trouble {
  return async ({ faults, random }) => {
    const fault = faults.begin('server frozen', undefined, monotonic())
    await server.pause()
    fault.away = { from: monotonic(), to: Number.POSITIVE_INFINITY }
    await later(between(50, LONGEST, random))
    fault.away = { ...fault.away, to: monotonic() }
    await server.resume()
    fault.to = monotonic()
  }
}

function restartServer(server: SoakServer): Trouble {
  return async ({ faults, random }) => {
    const fault = faults.begin('server killed', undefined, monotonic())
    await server.kill()
    fault.away = { from: monotonic(), to: Number.POSITIVE_INFINITY }
    if (random() < 0.5) await later(between(50, LONGEST, random))
    fault.away = { ...fault.away, to: monotonic() }
    await server.restart()
    fault.to = monotonic()
  }
}

function cutConnections(cut: () => Promise<unknown>): Trouble {
  return async ({ faults }) => {
    const fault = faults.begin('connections cut', undefined, monotonic())
    await cut()
    fault.to = monotonic()
  }
}

function serverTroubles(server: SoakServer): (readonly [number, Trouble])[] {
  return [
    [4, freezeServer(server)],
    [4, restartServer(server)],
    ...(server.cut === undefined ? [] : ([[4, cutConnections(server.cut)]] as const)),
  ]
}

/** Breaks one thing after the other until the deadline, and leaves all of them whole. */
export async function makeTrouble(world: World, { server }: SoakStore, deadline: number): Promise<void> {
  const { random } = world
  const troubles: (readonly [number, Trouble])[] = [
    [3, freezeNode],
    // With a single node the tokens are in its memory.
    [world.nodes.length > 1 ? 2 : 0, killNode],
    [4, stepClock],
    ...(server === undefined ? [] : serverTroubles(server)),
  ]
  for (;;) {
    const pause = between(200, 5_000, random)
    const left = deadline - monotonic()
    await later(Math.max(0, Math.min(pause, left)))
    if (pause >= left) return
    await weighted(troubles, random)(world)
  }
}
