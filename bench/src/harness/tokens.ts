import { type CreateInput, createLatchkey, hmacSha256, type Latchkey, memoryStore } from '@latchkey/core'
import type { TokenRecord } from '@latchkey/core/store'

export const SCOPE = 'a.read'
const AT_ONCE = 200

/** For benchmarks that are about something else than the slow hash. */
export const FAST_HASHER = hmacSha256({ keys: { bench: Buffer.alloc(32, 1) }, current: 'bench' })

/** A cache whose entries do not expire while a benchmark runs. */
export const LONG_CACHE = { ttl: 3_600_000 } as const

export async function issue(latchkey: Latchkey, extra: Partial<CreateInput> = {}): Promise<string> {
  const { token } = await latchkey.create({ owner: 'bench', name: 'bench', scopes: [SCOPE], ...extra })
  return token
}

/** Fewer at once than may wait for a slow hash. */
export async function issueMany(latchkey: Latchkey, count: number): Promise<string[]> {
  const tokens: string[] = []
  while (tokens.length < count) {
    const next = Math.min(AT_ONCE, count - tokens.length)
    tokens.push(...(await Promise.all(Array.from({ length: next }, () => issue(latchkey)))))
  }
  return tokens
}

/** A token with the record that a store keeps of it. Its hash is of Argon2id. */
export interface KnownToken {
  readonly token: string
  readonly record: TokenRecord
  /** A well-formed token with the same id and another secret. */
  readonly forged: string
}

export async function knownToken(): Promise<KnownToken> {
  const store = memoryStore()
  const latchkey = createLatchkey({ store })
  const { id, token } = await latchkey.create({ owner: 'bench', name: 'bench', scopes: [SCOPE] })
  const record = await (await store.open('default')).find(id)
  if (record === undefined) throw new Error('The store does not have the token that was just created')
  const { token: forged } = await latchkey.rotate(id)
  await latchkey.close()
  return { token, record, forged }
}

/** A store that has the token. */
export async function storeWith({ record }: KnownToken) {
  const store = memoryStore()
  await (await store.open('default')).insert(record)
  return store
}
