import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { type CreateInput, createLatchkey, hmacSha256, type Latchkey, memoryStore } from '@latchkey/core'
import { BASE32_ALPHABET, type EnvironmentStore, type TokenRecord } from '@latchkey/core/store'
import { CREATED_AT, tokenRecord } from '@latchkey/testkit'
import { inLanes } from './rounds.js'

export const SCOPE = 'a.read'
const AT_ONCE = 200
const INSERTS_AT_ONCE = 32

/** For benchmarks that are about something else than the slow hash. */
export const FAST_HASHER = hmacSha256({ keys: { bench: Buffer.alloc(32, 1) }, current: 'bench' })

/** A cache whose entries do not expire while a benchmark runs. */
export const LONG_CACHE = { ttl: 3_600_000 } as const

/** After so many ms every instance has heard of new tokens, which removes what it has cached of them. */
export const SETTLED_AFTER = 1_500

export async function issue(latchkey: Latchkey, extra: Partial<CreateInput> = {}): Promise<string> {
  const { token } = await latchkey.create({ owner: 'bench', name: 'bench', scopes: [SCOPE], ...extra })
  return token
}

/** Fewer at once than may wait for a slow hash. */
export async function issueMany(
  latchkey: Latchkey,
  count: number,
  extra: Partial<CreateInput> = {},
): Promise<string[]> {
  const tokens: string[] = []
  await inLanes(AT_ONCE, Array(count).keys(), async () => tokens.push(await issue(latchkey, extra)))
  return tokens
}

/** Inserts records whose tokens nobody has: to hash a million secrets takes a minute. */
export async function insertRecords(environment: EnvironmentStore, count: number): Promise<void> {
  await inLanes(INSERTS_AT_ONCE, Array(count).keys(), (i) =>
    environment.insert(tokenRecord({ name: `Key ${i}`, owner: `owner-${i % 1_000}`, createdAt: CREATED_AT + i })),
  )
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

// What an attacker can make who knows how a token is built: everything but a right secret.

/** A well-formed token with this id and a random secret. */
export function forgedSecret(id: string): string {
  const body = `${id}.${randomText(57)}`
  return body + checksum(body)
}

/** A well-formed token that was never issued. */
export function forgedToken(): string {
  return forgedSecret(`lk.${randomText(24)}`)
}

/** The token with another last character, so that only its checksum is wrong. */
export function mistyped(token: string): string {
  const last = BASE32_ALPHABET.indexOf(token.slice(-1))
  return token.slice(0, -1) + BASE32_ALPHABET.charAt((last + 1) % 32)
}

export function idOf(token: string): string {
  return token.slice(0, token.lastIndexOf('.'))
}

function checksum(text: string): string {
  const crc = crc32(text)
  return [30, 25, 20, 15, 10, 5, 0].map((shift) => BASE32_ALPHABET.charAt((crc >>> shift) & 31)).join('')
}

function randomText(length: number): string {
  return Array.from(randomBytes(length), (byte) => BASE32_ALPHABET.charAt(byte & 31)).join('')
}
