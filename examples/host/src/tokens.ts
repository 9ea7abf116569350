import { createLatchkey, type Latchkey, type TokenStore } from '@latchkey/core'
import { SCOPES } from './scopes.js'

export type HostLatchkey = Latchkey<keyof typeof SCOPES | 'apiTokens.read' | 'apiTokens.write'>

/** The host's tokens in a store. */
export function hostTokens(store: TokenStore): HostLatchkey {
  return createLatchkey({ prefix: 'acme', store, scopes: SCOPES })
}

/** The first token of an empty store: it may do everything. `undefined` if the store holds tokens already. */
export async function firstToken(latchkey: HostLatchkey): Promise<string | undefined> {
  const { totalCount } = await latchkey.list({ limit: 1 })
  if (totalCount > 0) return undefined
  const { token } = await latchkey.create({ name: 'admin', owner: 'admin', scopes: ['*'] })
  return token
}
