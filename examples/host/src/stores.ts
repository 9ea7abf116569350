import { memoryStore, type TokenStore } from '@latchkey/core'
import { sqliteStore } from '@latchkey/store-sqlite'

/** Makes the store that `--store` names. Throws an `Error` whose message is for the person who typed it. */
export function makeStore(name: string): TokenStore {
  if (name === 'memory') return memoryStore()
  if (name.startsWith('sqlite:')) return sqliteStore({ path: name.slice('sqlite:'.length) })
  throw new Error(`--store must be memory or sqlite:<file>, not ${name}.`)
}
