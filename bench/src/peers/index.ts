import type { KnownToken } from '../harness/tokens.js'
import { betterAuthApiKey } from './better-auth.js'
import { joseHs256, jsonwebtokenHs256, signedJwt } from './jwt.js'
import { passportHttpBearer } from './passport-http-bearer.js'
import type { Peer } from './peer.js'
import { prefixedApiKey } from './prefixed-api-key.js'

/** By the names of their rows, with credentials of equal strength: 256 bits and more. */
export const PEERS = {
  'prefixed-api-key': () => prefixedApiKey(),
  'passport-http-bearer': ({ token, forged }: KnownToken) => passportHttpBearer(token, forged),
  'jsonwebtoken-hs256': () => jsonwebtokenHs256(signedJwt()),
  'jose-hs256': () => joseHs256(signedJwt()),
  'better-auth': ({ token, forged }: KnownToken) => betterAuthApiKey(token, forged),
} satisfies Record<string, (known: KnownToken) => Peer | Promise<Peer>>
