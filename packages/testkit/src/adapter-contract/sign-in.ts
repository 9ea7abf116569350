import { type Caller, StoreError } from '@latchkey/core'
import type { HostRequest } from './adapter-case.js'

const SESSIONS: Readonly<Record<string, Caller>> = {
  carol: { owner: 'carol', scopes: ['apiTokens.read', 'apiTokens.write', 'reports.*'] },
  reader: { owner: 'reader', scopes: ['apiTokens.read'] },
  root: { owner: 'root', scopes: ['*'], assignOwner: true },
  ended: { owner: 'erin', scopes: ['*'], expiresAt: Date.UTC(2020, 0, 1) },
  restricted: { owner: 'dave', scopes: ['*'], networks: ['127.0.0.0/8', '::1/128'], expiresAt: Date.UTC(2031, 0, 1) },
  elsewhere: { owner: 'dave', scopes: ['*'], networks: ['192.0.2.0/24'] },
}

/** What the sign-in fails with for the session `failing`. */
export const SIGN_IN_FAILED = new Error('the session store is away')

/** A sign-in of the host's own, by a header that stands for a session. */
export async function authorize({ headers }: HostRequest): Promise<Caller | undefined> {
  const session = headers['x-session']
  if (session === 'failing') throw SIGN_IN_FAILED
  if (session === 'unavailable') throw new StoreError('ERR_STORE', 'the tokens of the sign-in are away')
  if (session === 'invalid') return { owner: '' } as Caller
  return typeof session === 'string' ? SESSIONS[session] : undefined
}

/** The header of a session. */
export const as = (session: string) => ['X-Session', session]
