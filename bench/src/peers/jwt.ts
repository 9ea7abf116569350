import { createSecretKey, type KeyObject, randomBytes, webcrypto } from 'node:crypto'
import { jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import type { Peer } from './peer.js'

/** An HS256 token under a key of 256 bits. */
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

/** With a KeyObject: it would make one of a string or Buffer in every call. */
export function jsonwebtokenHs256({ token, forged, key }: SignedJwt): Peer {
  return {
    credential: token,
    forged,
    verify(presented) {
      try {
        return typeof jsonwebtoken.verify(presented, key, { algorithms: ['HS256'] }) === 'object'
      } catch {
        return false
      }
    },
  }
}

/** With a CryptoKey: it would import bytes in every call. */
export async function joseHs256({ token, forged, key }: SignedJwt): Promise<Peer> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await webcrypto.subtle.importKey('raw', key.export(), algorithm, false, ['verify'])
  return {
    credential: token,
    forged,
    async verify(presented) {
      try {
        const { payload } = await jwtVerify(presented, imported, { algorithms: ['HS256'] })
        return payload.sub === 'bench'
      } catch {
        return false
      }
    },
  }
}
