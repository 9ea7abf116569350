import { existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { TokenStore } from '@latchkey/core'
import { ioredis as ioredisClient, nodeRedis, redisStore } from '@latchkey/store-redis'
import { type RedisServer, startRedis } from '@latchkey/test-servers'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { type BenchData, type ConnectOptions, closingWith, type StoreKind } from './store-kind.js'

/** Commands that are shorter are not logged, in µs. */
const SLOW = 500

/** With the client `redis` (node-redis). `path` is the folder of the server's snapshot. */
export const redis: StoreKind = { open: (path) => open('redis', path), connect: connectNodeRedis }
/** With the client `ioredis`. */
export const ioredis: StoreKind = { open: (path) => open('ioredis', path), connect: connectIoredis }

async function connectNodeRedis(address: string, options: ConnectOptions): Promise<TokenStore> {
  const client = createClient({
    url: address,
    disableOfflineQueue: true,
    socket: { reconnectStrategy: (attempts) => Math.min(20 * attempts, 250) },
  })
  // It reconnects by itself. Without a listener an error would end the process.
  client.on('error', () => {})
  await client.connect()
  return closingWith(redisStore({ client: nodeRedis(client), ...options }), () => client.destroy())
}

function connectIoredis(address: string, options: ConnectOptions): TokenStore {
  const client = new Redis(address.replace('ioredis:', 'redis:'), { enableAutoPipelining: true })
  return closingWith(redisStore({ client: ioredisClient(client), ...options }), () => client.disconnect())
}

/** Starts a server without persistence; `settle` writes a snapshot, from which a later run starts. */
async function open(scheme: string, path?: string): Promise<BenchData> {
  const args = ['--slowlog-max-len', '100000', '--slowlog-log-slower-than', String(SLOW)]
  if (path !== undefined) {
    mkdirSync(path, { recursive: true })
    args.push('--dir', resolve(path))
  }
  const filled = path !== undefined && existsSync(join(path, 'dump.rdb'))
  const server = await startRedis({ args })
  return {
    address: `${scheme}://127.0.0.1:${server.port}`,
    filled,
    ...(path !== undefined && { settle: () => server.command('SAVE') }),
    size: () => memoryOfTokens(server),
    longestCommand: () => longestCommand(server),
    killListeners: async () => Number(await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')),
    stop: () => server.stop(),
  }
}

async function memoryOfTokens(server: RedisServer): Promise<number> {
  const info = String(await server.command('INFO', 'memory'))
  const bytes = (name: string) => Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1])
  return bytes('used_memory') - bytes('used_memory_startup')
}

async function longestCommand(server: RedisServer): Promise<number> {
  const log = (await server.command('SLOWLOG', 'GET', -1)) as [number, number, number, string[]][]
  await server.command('SLOWLOG', 'RESET')
  const times = log.filter(([, , , [command = '']]) => !/slowlog|save/i.test(command)).map(([, , us]) => us)
  return Math.max(0, ...times) / 1_000
}
