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
