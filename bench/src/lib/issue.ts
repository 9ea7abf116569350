import { type CreateInput, createLatchkey, type Latchkey, memoryStore } from '@latchkey/core'
import type { TokenRecord } from '@latchkey/core/store'

export const SCOPE = 'a.read'

/** A fresh token, of the same kind everywhere unless it asks for more. */
export async function issue(latchkey: Latchkey, extra: Partial<CreateInput> = {}): Promise<string> {
  const { token } = await latchkey.create({ owner: 'bench', name: 'bench', scopes: [SCOPE], ...extra })
  return token
}

export function issueMany(latchkey: Latchkey, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => issue(latchkey)))
}

/** A token with what a store keeps of it, so that any store can be made to know it. */
export interface Known {
  readonly token: string
  readonly record: TokenRecord
  /** A well-formed token with the same id and another secret. */
  readonly forged: string
}

/** Its hash is Argon2id's. */
export async function knownToken(): Promise<Known> {
  const store = memoryStore()
  const latchkey = createLatchkey({ store })
  const { id, token } = await latchkey.create({ owner: 'bench', name: 'bench', scopes: [SCOPE] })
  const record = await (await store.open('default')).find(id)
  if (record === undefined) throw new Error('The token that was just made is not there')
  const { token: forged } = await latchkey.rotate(id)
  await latchkey.close()
  return { token, record, forged }
}
