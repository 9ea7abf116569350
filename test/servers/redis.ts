import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endWithThisProcess, freePort } from './process.js'
import { redisCommand, type WireReply } from './redis-wire.js'

/** A real `redis-server` of our own on the loopback interface, in a temporary folder, without persistence. */
export interface RedisServer {
  readonly port: number
  readonly pid: number
  /** Sends one command; an error reply rejects. */
  command(...args: readonly (string | number)[]): Promise<WireReply>
  /** Ends the process at once, as a crash would. */
  kill(): Promise<void>
  /** Freezes the process: connections stay open and silent. */
  pause(): void
  resume(): void
  /** Starts a new server on the same port, after `kill`: an empty one, unless `args` turn persistence on. */
  restart(): Promise<void>
  /** Ends the process and removes its folder. Safe to call twice. */
  stop(): Promise<void>
}

/** What `startRedis` and `startCluster` take. */
export interface RedisServerOptions {
  /** Further arguments of `redis-server`, such as `['--maxmemory', '10mb']`. */
  args?: readonly string[]
}

/** `REDIS_SERVER_BIN`, or `redis-server` of the path. */
export function redisServerBinary(): string {
  return process.env.REDIS_SERVER_BIN ?? 'redis-server'
}

/** Starts a server and waits until it answers. Rejects with a sentence when the binary cannot be run. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-redis-'))
  const port = await freePort()
  let child = await launch(folder, port, options.args ?? [])
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  return {
    port,
    get pid() {
      return child.pid ?? 0
    },
    command: async (...args) => redisCommand(port, ...args),
    kill: end,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    restart: async () => {
      await end()
      child = await launch(folder, port, options.args ?? [])
    },
    stop: async () => {
      await end()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Starts a replica of a server and waits until it is in step. */
export async function startReplica(master: RedisServer, options: RedisServerOptions = {}): Promise<RedisServer> {
  const replica = await startRedis({
    args: ['--replicaof', '127.0.0.1', String(master.port), ...(options.args ?? [])],
  })
  await until('the replica is in step', async () =>
    String(await replica.command('INFO', 'replication')).includes('master_link_status:up'),
  )
  return replica
}

/** A Cluster that runs. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[]
  stop(): Promise<void>
}

/** Starts a Cluster of so many masters, the slots spread evenly, and waits until every node says it is complete. */
export async function startCluster(masters: number, options: RedisServerOptions = {}): Promise<RedisCluster> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', ...(options.args ?? [])]
  const nodes = await Promise.all(Array.from({ length: masters }, async () => startRedis({ args })))
  const bound = (i: number): number => Math.floor((i * 16_384) / masters)
  await Promise.all(
    nodes.map(async (node, i) => {
      const slots = Array.from({ length: bound(i + 1) - bound(i) }, (_, slot) => bound(i) + slot)
      await node.command('CLUSTER', 'SET-CONFIG-EPOCH', i + 1)
      await node.command('CLUSTER', 'ADDSLOTS', ...slots)
    }),
  )
  const [first, ...others] = nodes
  for (const other of others) await other.command('CLUSTER', 'MEET', '127.0.0.1', first?.port ?? 0)
  await until('the Cluster is complete', async () => {
    const infos = await Promise.all(nodes.map(async (node) => String(await node.command('CLUSTER', 'INFO'))))
    return infos.every((info) => info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${masters}`))
  })
  return { nodes, stop: async () => void (await Promise.all(nodes.map(async (node) => node.stop()))) }
}

async function launch(folder: string, port: number, args: readonly string[]): Promise<ChildProcess> {
  const fixed = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'no',
    '--repl-diskless-sync-delay',
    '0',
  ]
  const child = spawn(redisServerBinary(), [...fixed, '--loglevel', 'warning', ...args], { stdio: 'ignore' })
  endWithThisProcess(child, 'KILL', folder)
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (cause) =>
      reject(
        new Error(`${redisServerBinary()} cannot be run: install redis-server, or set REDIS_SERVER_BIN to its path`, {
          cause,
        }),
      ),
    )
    child.once('exit', (code) => reject(new Error(`${redisServerBinary()} on port ${port} ended with ${code}`)))
  })
  failed.catch(() => {})
  await Promise.race([failed, until('redis-server answers', async () => answers(port))])
  return child
}

async function answers(port: number): Promise<boolean> {
  try {
    return (await redisCommand(port, 'PING')) === 'PONG'
  } catch {
    return false
  }
}

async function until(what: string, holds: () => Promise<boolean>, patience = 20_000): Promise<void> {
  const deadline = Date.now() + patience
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`after ${patience} ms it is still not true that ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
