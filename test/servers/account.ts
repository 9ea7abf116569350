import { execFile } from 'node:child_process'
import { chown } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { promisify } from 'node:util'

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
