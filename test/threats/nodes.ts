import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startRedis } from '@latchkey/test-servers'
import { afterAll, beforeAll } from 'vitest'
import { type Call, client } from './client.js'
import type { Framework } from './scene.js'

export interface StoreKind {
  readonly name: string
  /** Whether several processes can share it. */
  readonly shared: boolean
  /** Makes a fresh one, and says where, as node.mjs takes it. */
  make(onEnd: OnEnd): Promise<string>
}

/** Keeps a function for the time when what was started is not needed any more. */
type OnEnd = (cleanUp: () => void | Promise<void>) => void

/** Every store that nodes can stand on. */
export const STORES: readonly StoreKind[] = [
  { name: 'memory', shared: false, make: async () => 'memory' },
  {
    name: 'SQLite',
    shared: true,
    make: async (onEnd) => `sqlite=${join(temporaryFolder(onEnd), 'tokens.sqlite')}`,
  },
  {
    name: 'Redis',
    shared: true,
    async make(onEnd) {
      const server = await startRedis()
      onEnd(() => server.stop())
      return `redis=${server.port}`
    },
  },
]

export interface NodeOptions {
  readonly framework: Framework
  readonly store: string
  /** Of the cache, in ms. */
  readonly ttl: number
  /** No change by another node is heard of. */
  readonly deaf: boolean
  /** The URL of a barrier, which every update asks before it writes. */
  readonly barrier?: string
}

/** Where the updates of nodes meet, between what they read and what they write. */
export interface Barrier {
  readonly url: string
  /** The next two updates of this token wait for each other. */
  hold(id: string): void
}

/** A barrier for all tests of the block, which must be there before the nodes. */
export function useBarrier(): Barrier {
  const held = new Map<string, ServerResponse[]>()
  const server = createServer(({ url = '' }, response) => {
    const id = url.slice(1)
    const waiting = held.get(id)
    if (waiting === undefined) return void response.end()
    waiting.push(response)
    if (waiting.length < 2) return
    held.delete(id)
    for (const each of waiting) each.end()
  })
  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterAll(() => {
    server.close()
    server.closeAllConnections()
  })
  return {
    get url() {
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    },
    hold: (id) => void held.set(id, []),
  }
}

/** A host with a token that may do everything. */
export interface Node {
  readonly call: Call
  readonly admin: string
}

/**
 * Two nodes on one store, for all tests of the block: processes of different frameworks, or twice the same one where
 * only one can have the store.
 */
export function useNodes(
  kind: StoreKind,
  { ttl = 60_000, deaf = false, barrier }: Partial<Pick<NodeOptions, 'ttl' | 'deaf'>> & { barrier?: Barrier } = {},
): () => readonly [Node, Node] {
  const cleanUps: (() => void | Promise<void>)[] = []
  const onEnd: OnEnd = (cleanUp) => void cleanUps.unshift(cleanUp)
  let nodes: readonly [Node, Node]
  beforeAll(async () => {
    const store = await kind.make(onEnd)
    const options = { store, ttl, deaf, ...(barrier !== undefined && { barrier: barrier.url }) }
    const start = (framework: Framework) => startNode({ framework, ...options }, onEnd)
    const [one, two] = await Promise.all([start('express'), kind.shared ? start('koa') : undefined])
    nodes = [one, two ?? one]
  })
  afterAll(async () => {
    for (const cleanUp of cleanUps) await cleanUp()
  })
  return () => nodes
}

async function startNode(options: NodeOptions, onEnd: OnEnd): Promise<Node> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'node.mjs'), JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  onEnd(async () => {
    child.stdin.end()
    await ended
  })
  const lines = createInterface(child.stdout)
  const first = await Promise.race([once(lines, 'line'), ended])
  if (typeof first[0] !== 'string') throw new Error(`A node ended with ${first[0]} before it listened.`)
  const { url, admin } = JSON.parse(first[0]) as { url: string; admin: string }
  return { call: client(url), admin }
}

export function temporaryFolder(onEnd: OnEnd): string {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-threats-'))
  onEnd(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
