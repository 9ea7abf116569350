import { existsSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteStore } from '@latchkey/store-sqlite'
import type { StoreKind } from './store-kind.js'

const SCHEME = 'sqlite:'

/** `path` is the file. */
export const sqlite: StoreKind = {
  async open(path) {
    const folder = path === undefined ? await mkdtemp(join(tmpdir(), 'latchkey-bench-')) : undefined
    const file = path ?? join(folder ?? '', 'tokens.db')
    return {
      address: `${SCHEME}${file}`,
      filled: existsSync(file),
      size: async () => (await stat(file)).size,
      stop: async () => folder !== undefined && rm(folder, { recursive: true }),
    }
  },
  connect: (address) => sqliteStore({ path: address.slice(SCHEME.length) }),
}
