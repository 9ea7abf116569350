import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { postgresFolder } from '#programs'
import { type Account, endWithThisProcess, freePort, handOver, unprivilegedAccount } from './process.js'

const run = promisify(execFile)

/** A real PostgreSQL of our own on the loopback interface, in a temporary folder, with the superuser `latchkey`. */
export interface PostgresServer {
  readonly port: number
  /** `postgres://…` of the database `postgres`. */
  readonly url: string
  /** Where its data are. */
  readonly folder: string
  /** Runs one statement, or several without values, as the superuser, on a connection of its own. */
  query(text: string, values?: readonly unknown[]): Promise<pg.QueryResultRow[]>
  /** Ends all processes at once, as a crash would: `stop -m immediate`. */
  kill(): Promise<void>
  /** Starts again on the same data and port, after `kill`. */
  restart(): Promise<void>
  /** Freezes all processes: connections stay open and silent. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** Ends all processes and removes the folder. Safe to call twice. */
  stop(): Promise<void>
}

export interface PostgresServerOptions {
  /** Settings by name, such as `{ max_connections: 20 }`. */
  settings?: Readonly<Record<string, string | number>>
  /** Whether commits survive a crash of the machine. Those of `kill` survive in any case. Default: false. */
  fsync?: boolean
  /** No file of the server can become longer (KiB): a write that needs more fails, as on a full disk. */
  maxFileSize?: number
}

/** Starts a server with an empty database and waits until it answers. */
export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  return startIn(await makeFolder(), options, async (data, account) => {
    const flags = [
      '--username=latchkey',
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
      '--wal-segsize=1',
    ]
    await run(join(postgresFolder(), 'initdb'), ['--pgdata', data, ...flags], account)
  })
}

/** Starts a streaming replica of the server. */
export async function startPostgresReplica(primary: PostgresServer): Promise<PostgresServer> {
  return startIn(await makeFolder(), {}, async (data, account) => {
    const from = ['--host=127.0.0.1', `--port=${primary.port}`, '--username=latchkey']
    const flags = ['--write-recovery-conf', '--checkpoint=fast', '--no-sync']
    await run(join(postgresFolder(), 'pg_basebackup'), ['--pgdata', data, ...from, ...flags], account)
  })
}

async function startIn(
  folder: string,
  options: PostgresServerOptions,
  prepare: (data: string, account: Account) => Promise<void>,
): Promise<PostgresServer> {
  const account = await unprivilegedAccount()
  const data = join(folder, 'data')
  await mkdir(data, { mode: 0o700 })
  for (const path of [folder, data]) await handOver(path, account)
  await prepare(data, account)
  const port = await freePort()
  let server = await launch(folder, port, options, account)
  const url = `postgres://latchkey@127.0.0.1:${port}/postgres`
  const kill = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const exited = once(server, 'exit')
    await signal(server, 'SIGCONT')
    server.kill('SIGQUIT')
    await exited
  }
  return {
    port,
    url,
    folder,
    query: async (text, values) => queryOnce(url, text, values),
    kill,
    async restart() {
      await kill()
      server = await launch(folder, port, options, account)
    },
    pause: async () => signal(server, 'SIGSTOP'),
    resume: async () => signal(server, 'SIGCONT'),
    async stop() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function launch(
  folder: string,
  port: number,
  { settings = {}, fsync = false, maxFileSize }: PostgresServerOptions,
  account: Account,
): Promise<ChildProcess> {
  const all = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: fsync ? 'on' : 'off',
    full_page_writes: fsync ? 'on' : 'off',
    log_min_messages: 'fatal',
    ...settings,
  }
  const args = [
    '-D',
    join(folder, 'data'),
    ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]
  const binary = join(postgresFolder(), 'postgres')
  const limit = maxFileSize === undefined ? '' : `ulimit -f ${maxFileSize * 2} && `
  const server = spawn('/bin/sh', ['-c', `${limit}exec "$0" "$@"`, binary, ...args], { stdio: 'ignore', ...account })
  endWithThisProcess(server, 'QUIT', folder)
  const failed = once(server, 'exit').then(([code]) => {
    throw new Error(`${binary} on port ${port} ended with ${code}`)
  })
  failed.catch(() => {})
  await Promise.race([failed, answering(port)])
  return server
}

async function answering(port: number): Promise<void> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'latchkey', database: 'postgres' })
    client.on('error', () => {})
    try {
      await client.connect()
      return await client.end()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

async function queryOnce(url: string, text: string, values?: readonly unknown[]): Promise<pg.QueryResultRow[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text, values && [...values])).rows
  } finally {
    await client.end()
  }
}

/** The postmaster, which makes no more children once it is frozen; then those, which are in sessions of their own. */
async function signal({ pid = 0 }: ChildProcess, name: NodeJS.Signals): Promise<void> {
  send(pid, name)
  const { stdout } = await run('ps', ['-A', '-o', 'pid=', '-o', 'ppid='])
  const processes = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number))
  const children = processes.filter(([, parent]) => parent === pid).map(([child = 0]) => child)
  for (const child of children) send(child, name)
}

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended meanwhile.
  }
}

async function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'latchkey-postgres-'))
}
