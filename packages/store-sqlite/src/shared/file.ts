import { statSync } from 'node:fs'
import { storeUnavailable } from '@latchkey/core/store'

/** Tells a file from any other that may take its path. `undefined` if there is none. */
export function fileIdentity(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats && `${stats.dev}:${stats.ino}`
}

/** Throws `ERR_STORE` unless the path still leads to the file that was opened. */
export function assertSameFile(path: string, identity: string): void {
  if (fileIdentity(path) === identity) return
  throw storeUnavailable(`${path} was removed or replaced while it was open. Restart to use what is there.`)
}

const warned = new Set<string>()

/** Warns, once for each file, if others than its owner can read or write it. Windows has no such modes. */
export function warnOfFileMode(path: string): void {
  const mode = statSync(path).mode & 0o777
  if ((mode & 0o077) === 0 || process.platform === 'win32' || warned.has(path)) return
  warned.add(path)
  process.emitWarning(
    `${path} has the mode ${mode.toString(8)}: others than its owner have access to the hashes in it. Run chmod 600 ${path}*`,
    { code: 'LATCHKEY_FILE_MODE' },
  )
}
