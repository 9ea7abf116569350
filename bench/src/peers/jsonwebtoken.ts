import jsonwebtoken from 'jsonwebtoken'
import type { Peer } from './peer.js'
import type { SignedJwt } from './signed-jwt.js'

/** With a KeyObject: a string or Buffer would be made into one in every call. */
export function jsonwebtokenHs256({ token, forged, key }: SignedJwt): Peer {
  return {
    name: 'jsonwebtoken-hs256',
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
