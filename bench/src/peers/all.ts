import type { Known } from '../lib/issue.js'
import { betterAuthApiKey } from './better-auth.js'
import { joseHs256 } from './jose.js'
import { jsonwebtokenHs256 } from './jsonwebtoken.js'
import { passportHttpBearer } from './passport-http-bearer.js'
import type { Peer } from './peer.js'
import { prefixedApiKey } from './prefixed-api-key.js'
import { signedJwt } from './signed-jwt.js'

/** Every peer, with credentials of equal strength: 256 bits and more. */
export async function allPeers({ token, forged }: Known): Promise<Peer[]> {
  const jwt = signedJwt()
  return [
    await prefixedApiKey(),
    passportHttpBearer(token, forged),
    jsonwebtokenHs256(jwt),
    await joseHs256(jwt),
    await betterAuthApiKey(token, forged),
  ]
}
