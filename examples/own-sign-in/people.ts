// Users and sessions: replace these with your own.
import { randomUUID } from 'node:crypto'
import { type Caller, createLatchkey, memoryStore } from '@latchkey/core'

const DAY = 86_400_000

interface Person {
  readonly password: string
  /** What the person may do now. Their tokens can never do more. */
  readonly scopes: readonly string[]
}

export const people = new Map<string, Person>([
  ['ada', { password: randomUUID(), scopes: ['reports.*', 'apiTokens.read', 'apiTokens.write'] }],
  ['bob', { password: randomUUID(), scopes: ['reports.read', 'apiTokens.read', 'apiTokens.write'] }],
])

const sessions = new Map<string, string>()

/** The value of a new session's cookie, or `undefined` if the password is wrong. */
export function signIn(name: string, password: string): string | undefined {
  if (people.get(name)?.password !== password) return undefined
  const session = randomUUID()
  sessions.set(session, name)
  return session
}

export function signOut(cookies: string | undefined): void {
  sessions.delete(sessionIn(cookies))
}

/** Who sent a request, by the session's cookie. */
export function signedIn(cookies: string | undefined): string | undefined {
  return sessions.get(sessionIn(cookies))
}

function sessionIn(cookies = ''): string {
  const [, session = ''] = /(?:^|; )session=([^;]*)/.exec(cookies) ?? []
  return session
}

/** People who are signed in manage their own tokens. Everybody else needs a token. */
export function callerOf(cookies: string | undefined): Caller | undefined {
  const owner = signedIn(cookies)
  const person = owner === undefined ? undefined : people.get(owner)
  if (owner === undefined || person === undefined) return undefined
  return { id: owner, owner, scopes: person.scopes, personal: true }
}

export const latchkey = createLatchkey({
  prefix: 'acme',
  store: memoryStore(),
  scopes: { 'reports.read': 'Read reports', 'reports.write': 'Write reports', 'people.write': 'Manage people' },
  maxLifetime: 90 * DAY,
  ownerScopes: async (owner) => people.get(owner)?.scopes,
})

/** A person leaves. */
export function removePerson(name: string): void {
  people.delete(name)
  // Otherwise their tokens would work for up to `cache.ttl`.
  latchkey.forgetOwner(name)
}

/** Prints the passwords, and a token that may remove people. */
export async function printCredentials(): Promise<void> {
  const { token: admin } = await latchkey.create({ name: 'admin', owner: 'operations', scopes: ['people.write'] })
  console.log(JSON.stringify({ admin, ada: people.get('ada')?.password, bob: people.get('bob')?.password }))
}
