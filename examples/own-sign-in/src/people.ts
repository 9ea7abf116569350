import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Stands for the host's own users and sign-in. Put yours in its place. */
export interface Person {
  readonly password: string
  /** What the person may do now. Their tokens can never do more. */
  readonly scopes: readonly string[]
}

export const people = new Map<string, Person>([
  ['ada', { password: randomUUID(), scopes: ['reports.*', 'apiTokens.*'] }],
  ['bob', { password: randomUUID(), scopes: ['reports.read', 'apiTokens.*'] }],
])

const sessions = new Map<string, string>()

/** The value of a new session's cookie, or `undefined` if the password is wrong. */
export function signIn(name: string, password: string): string | undefined {
  if (people.get(name)?.password !== password) return undefined
  const session = randomUUID()
  sessions.set(session, name)
  return session
}

/** Who sent this request, by the session's cookie. */
export function signedIn(request: IncomingMessage): string | undefined {
  const [, session = ''] = /(?:^|; )session=([^;]*)/.exec(request.headers.cookie ?? '') ?? []
  return sessions.get(session)
}
