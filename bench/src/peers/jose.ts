import { webcrypto } from 'node:crypto'
import { jwtVerify } from 'jose'
import type { Peer } from './peer.js'
import type { SignedJwt } from './signed-jwt.js'

/** With a CryptoKey, its own form of key: bytes would be imported in every call. */
export async function joseHs256({ token, forged, key }: SignedJwt): Promise<Peer> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await webcrypto.subtle.importKey('raw', key.export(), algorithm, false, ['verify'])
  return {
    name: 'jose-hs256',
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
