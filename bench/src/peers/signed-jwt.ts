import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import jsonwebtoken from 'jsonwebtoken'

/** An HS256 token that says what a token of Latchkey does, under a key of 256 bits. */
export interface SignedJwt {
  readonly token: string
  /** The same claims, signed with another key. */
  readonly forged: string
  readonly key: KeyObject
}

export function signedJwt(): SignedJwt {
  const key = createSecretKey(randomBytes(32))
  return { token: sign(key), forged: sign(createSecretKey(randomBytes(32))), key }
}

function sign(key: KeyObject): string {
  return jsonwebtoken.sign({ sub: 'bench', scope: 'a.read' }, key, { algorithm: 'HS256', expiresIn: '1d' })
}
