import type { Known } from '../lib/issue.js'
import { betterAuthApiKey } from './better-auth.js'
import { joseHs256 } from './jose.js'
import { jsonwebtokenHs256 } from './jsonwebtoken.js'
import { passportHttpBearer } from './passport-http-bearer.js'
import type { Peer } from './peer.js'
import { prefixedApiKey } from './prefixed-api-key.js'
import { signedJwt } from './signed-jwt.js'

/** Every peer, with credentials of equal strength: 256 bits and more. */
export const PEERS = {
  'prefixed-api-key': () => prefixedApiKey(),
  'passport-http-bearer': ({ token, forged }: Known) => passportHttpBearer(token, forged),
  'jsonwebtoken-hs256': () => jsonwebtokenHs256(signedJwt()),
  'jose-hs256': () => joseHs256(signedJwt()),
  'better-auth': ({ token, forged }: Known) => betterAuthApiKey(token, forged),
} satisfies Record<string, (known: Known) => Peer | Promise<Peer>>
