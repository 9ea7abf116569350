import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, type TokenStore } from '@latchkey/core'
import { sqliteStore } from '@latchkey/store-sqlite'

export interface Subject {
  store: TokenStore
  /** What it takes, in bytes; to be asked when all tokens are in. */
  size(): number | undefined
  remove(): void
}

/** The stores that can be measured, by their word on the command line. Each starts empty. */
export const SUBJECTS: Record<string, () => Subject> = {
  memory: () => ({ store: memoryStore(), size: () => undefined, remove: () => {} }),
  sqlite() {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
    const path = join(folder, 'tokens.db')
    return {
      store: sqliteStore({ path }),
      size: () => statSync(path).size,
      remove: () => rmSync(folder, { recursive: true }),
    }
  },
}
