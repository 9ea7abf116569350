import { memoryStore, type TokenStore } from '@latchkey/core'

/** Opens the store that `--store` names. Throws an `Error` whose message is for the person who typed it. */
export async function openStore(name: string): Promise<TokenStore> {
  if (name === 'memory') return memoryStore()
  throw new Error(`--store must be memory, not ${name}.`)
}
