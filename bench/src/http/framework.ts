import type { KeyObject } from 'node:crypto'
import type { RequestListener } from 'node:http'
import type { Latchkey } from '@latchkey/core'
import type { KnownToken } from '../harness/tokens.js'

/** Whether a token is good: what a host writes whose library has no middleware. */
export type Check = (token: string) => boolean | Promise<boolean>

export type App = RequestListener | Promise<RequestListener>

/** Makes applications with one JSON route behind a guard. */
export interface Framework {
  bare(): App
  latchkey(latchkey: Latchkey): App
  checked(check: Check): App
  jwt(key: KeyObject): App
  /** What hosts of this framework take for opaque tokens, by the name of its row. */
  readonly opaque: { readonly name: 'bearer-auth' | 'passport'; app(known: KnownToken): App }
}

/** The token behind `Bearer`. */
export function bearer(authorization: string | undefined): string {
  return authorization?.startsWith('Bearer ') === true ? authorization.slice(7) : ''
}
