import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startRedis } from '@latchkey/testkit'
import { onTestFinished } from 'vitest'
import { type Call, client } from './client.js'
import type { Framework } from './scene.js'

export interface StoreKind {
  readonly name: string
  /** Whether several processes can share it. */
  readonly shared: boolean
  /** Makes a fresh one until the test ends, and says where, in the words of node.mjs. */
  make(): Promise<string>
}

/** Every store that nodes can stand on. */
export const STORES: readonly StoreKind[] = [
  { name: 'memory', shared: false, make: async () => 'memory' },
  { name: 'SQLite', shared: true, make: async () => `sqlite=${join(temporaryFolder(), 'tokens.sqlite')}` },
  { name: 'Redis', shared: true, make: async () => `redis=${await redisPort()}` },
]

export interface NodeOptions {
  readonly framework: Framework
  readonly store: string
  /** Of the cache, in ms. */
  readonly ttl: number
  /** No change by another node is heard of. */
  readonly deaf: boolean
}

/** A host with a token that may do everything. */
export interface Node {
  readonly call: Call
  readonly admin: string
}

/** Two nodes on one store: processes of different frameworks, or twice the same one where only one can have the store. */
export async function startPair(
  kind: StoreKind,
  { ttl = 60_000, deaf = false }: Partial<Pick<NodeOptions, 'ttl' | 'deaf'>> = {},
): Promise<readonly [Node, Node]> {
  const store = await kind.make()
  const one = await startNode({ framework: 'express', store, ttl, deaf })
  return [one, kind.shared ? await startNode({ framework: 'koa', store, ttl, deaf }) : one]
}

async function startNode(options: NodeOptions): Promise<Node> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'node.mjs'), JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  onTestFinished(async () => {
    child.stdin.end()
    await ended
  })
  const lines = createInterface(child.stdout)
  const first = await Promise.race([once(lines, 'line'), ended])
  if (typeof first[0] !== 'string') throw new Error(`A node ended with ${first[0]} before it listened.`)
  const { url, admin } = JSON.parse(first[0]) as { url: string; admin: string }
  return { call: client(url), admin }
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-threats-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function redisPort(): Promise<number> {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  return server.port
}
