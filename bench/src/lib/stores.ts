import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryData, memoryStore, type TokenStore } from '@latchkey/core'
import { nodeRedis, redisStore } from '@latchkey/store-redis'
import { sqliteStore } from '@latchkey/store-sqlite'
import { startRedis } from '@latchkey/test-servers'
import { createClient } from 'redis'

/** Data of one kind of store. */
export interface BenchStore {
  /** Another connection to it. */
  connect(): TokenStore | Promise<TokenStore>
  remove(): Promise<void>
}

/** Every store that `cold` measures. Another one is one more entry in this list. */
export const BENCH_STORES: readonly { readonly name: string; open(): Promise<BenchStore> }[] = [
  {
    name: 'memory',
    async open() {
      const data = memoryData()
      return { connect: () => memoryStore(data), remove: async () => data.environments.clear() }
    },
  },
  {
    name: 'sqlite',
    async open() {
      const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
      return {
        connect: () => sqliteStore({ path: join(folder, 'tokens.db') }),
        remove: async () => rmSync(folder, { recursive: true }),
      }
    },
  },
  {
    name: 'redis',
    async open() {
      const server = await startRedis()
      const client = await createClient({ socket: { port: server.port, host: '127.0.0.1' } }).connect()
      return {
        connect: () => redisStore({ client: nodeRedis(client) }),
        async remove() {
          await client.close()
          await server.stop()
        },
      }
    },
  },
]
