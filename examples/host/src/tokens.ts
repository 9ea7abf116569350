import {
  type ApiToken,
  argon2id,
  createLatchkey,
  hmacSha256,
  type Latchkey,
  type OnAudit,
  type TokenStore,
} from '@latchkey/core'
import { SCOPES } from './scopes.js'

export type HostLatchkey = Latchkey<keyof typeof SCOPES | 'apiTokens.read' | 'apiTokens.write' | 'apiTokens.admin'>

/** The people of this host, and what they may do. A personal token can do no more than its owner. */
const PEOPLE: ReadonlyMap<string, readonly string[]> = new Map([
  ['admin', ['*']],
  ['ada', ['metrics.*', 'apiTokens.*']],
  ['bob', ['metrics.read']],
])

/**
 * HOST_PEPPER (`openssl rand -base64 32`) makes a proof cost microseconds in place of milliseconds; tokens that were
 * hashed with it need it from then on.
 */
const { HOST_PEPPER: pepper } = process.env
const hasher = pepper === undefined ? argon2id() : hmacSha256({ keys: { k1: pepper }, current: 'k1' })

/** The host's tokens in one environment of a store. */
export function hostTokens(store: TokenStore, onAudit?: OnAudit, environment = 'default'): HostLatchkey {
  return createLatchkey({
    prefix: 'acme',
    store,
    environment,
    hasher,
    scopes: SCOPES,
    onAudit,
    // Soon enough to see it while trying things out.
    lastUsed: { flushInterval: 1_000 },
    ownerScopes: async (owner) => PEOPLE.get(owner),
  })
}

const ADMIN = { name: 'admin', owner: 'admin', scopes: ['*'] } as const

/** Creates the first token of an empty store, with every scope. `undefined` if the store has tokens already. */
export async function firstToken(latchkey: HostLatchkey): Promise<string | undefined> {
  return (await latchkey.createFirst(ADMIN))?.token
}

/** Replaces a lost admin token: rotates it, or creates a new one if the old one is restricted or gone. */
export async function resetAdminToken(latchkey: HostLatchkey): Promise<string> {
  const { tokens } = await latchkey.list({ owner: ADMIN.owner, scopes: ADMIN.scopes, sort: 'createdAt' })
  const admin = tokens.find(({ name, enabled, personal }) => name === ADMIN.name && enabled && !personal)
  const isBound = (token: ApiToken) => token.networks.length > 0 || token.resources.length > 0
  const usable = admin !== undefined && !isBound(admin) && admin.expiresAt === undefined
  return (usable ? await latchkey.rotate(admin.id) : await latchkey.create(ADMIN)).token
}
