import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres, startRedis } from '@latchkey/test-servers'

export const STORES = ['memory', 'sqlite', 'redis', 'postgres'] as const
export type StoreName = (typeof STORES)[number]

/** A database server, which can be broken. */
export interface SoakServer {
  /** Freezes all of its processes. */
  pause(): Promise<void> | void
  resume(): Promise<void> | void
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>
  /** On the same data. */
  restart(): Promise<void>
  /** Cuts all connections, if the server has a command for that. */
  cut?(): Promise<unknown>
}

/** What the nodes share. */
export interface SoakStore {
  /** As in `NodeSettings`. */
  readonly address: string
  readonly server?: SoakServer
  stop(): Promise<void>
}

export async function startStore(name: StoreName): Promise<SoakStore> {
  return STARTS[name]()
}

const STARTS: Readonly<Record<StoreName, () => Promise<SoakStore>>> = {
  memory: async () => ({ address: 'memory', stop: async () => undefined }),
  async sqlite() {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-soak-'))
    return { address: `sqlite:${join(folder, 'tokens.sqlite')}`, stop: async () => rm(folder, { recursive: true }) }
  },
  async redis() {
    const server = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
    return { address: `redis:${server.port}`, server, stop: server.stop }
  },
  async postgres() {
    const server = await startPostgres()
    const cut = async () => server.query(CUT)
    return { address: `postgres:${server.url}`, server: { ...server, cut }, stop: server.stop }
  },
}

const CUT = `select pg_terminate_backend(pid) from pg_stat_activity
where backend_type = 'client backend' and pid <> pg_backend_pid()`
