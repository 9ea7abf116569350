import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown } from 'node:fs/promises'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { promisify } from 'node:util'

/** A free port of the loopback interface whose Cluster bus port (10,000 above) exists too. */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    await new Promise((resolve) => server.close(resolve))
    if (address !== null && typeof address === 'object' && address.port < 55_000) return address.port
  }
}

/** Whom a process is started as. Empty: whoever started this process. */
export interface Account {
  readonly uid?: number
  readonly gid?: number
}

const run = promisify(execFile)

/** For servers that refuse to run as root: the account `postgres` then, which their packages make, else `nobody`. */
export async function unprivilegedAccount(): Promise<Account> {
  if (userInfo().uid !== 0) return {}
  for (const user of ['postgres', 'nobody']) {
    const ids = await Promise.all(['-u', '-g'].map(async (flag) => run('id', [flag, user]))).catch(() => undefined)
    const [uid, gid] = ids?.map(({ stdout }) => Number(stdout)) ?? []
    if (uid !== undefined && gid !== undefined) return { uid, gid }
  }
  throw new Error('PostgreSQL refuses to run as root, and there is no account postgres or nobody')
}

export async function handOver(path: string, { uid, gid }: Account): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid)
}

/**
 * Ends a server with the signal, and removes its folder, when this process is gone, however it ended: its end of the
 * watchdog's input is closed then. In a group of its own, so that a signal to this process and its children does not
 * end the watchdog first.
 */
export function endWithThisProcess(server: ChildProcess, signal: 'KILL' | 'QUIT', folder: string): void {
  if (server.pid === undefined) return
  const script = 'read -r line; kill -CONT "$1"; kill -"$2" "$1"; while kill -0 "$1"; do sleep 0.1; done; rm -rf "$3"'
  const watchdog = spawn('/bin/sh', ['-c', script, 'sh', String(server.pid), signal, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  watchdog.unref()
  // Its pid may be somebody else's soon.
  server.once('exit', () => watchdog.kill('SIGKILL'))
}
