import { statSync } from 'node:fs'

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
