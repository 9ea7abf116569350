import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pgbouncerBinary } from '#programs'
import type { PostgresServer } from './postgres.js'
import { endWithThisProcess, freePort, handOver, unprivilegedAccount } from './process.js'

/** A real PgBouncer of our own in front of a server. */
export interface Pgbouncer {
  readonly url: string
  stop(): Promise<void>
}

/** In transaction pooling: two statements of a client may run on different connections of the server. */
export async function startPgbouncer(server: PostgresServer, poolSize: number): Promise<Pgbouncer> {
  const account = await unprivilegedAccount()
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-pgbouncer-'))
  const port = await freePort()
  const files = { 'users.txt': '"latchkey" ""\n', 'pgbouncer.ini': settings(folder, server.port, port, poolSize) }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  await handOver(folder, account)
  const bouncer = spawn(pgbouncerBinary(), [join(folder, 'pgbouncer.ini')], { stdio: 'ignore', ...account })
  endWithThisProcess(bouncer, 'KILL', folder)
  await listening(bouncer, port)
  return {
    url: `postgres://latchkey@127.0.0.1:${port}/postgres`,
    async stop() {
      const exited = once(bouncer, 'exit')
      bouncer.kill('SIGKILL')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function settings(folder: string, server: number, port: number, poolSize: number): string {
  return `[databases]
* = host=127.0.0.1 port=${server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder, 'users.txt')}
pool_mode = transaction
default_pool_size = ${poolSize}
`
}

async function listening(bouncer: ChildProcess, port: number): Promise<void> {
  for (;;) {
    if (bouncer.exitCode !== null) throw new Error(`PgBouncer on port ${port} ended with ${bouncer.exitCode}`)
    const socket = connect(port, '127.0.0.1')
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (connected) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
