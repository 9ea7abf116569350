import { createSecretKey, hash, type KeyObject, randomBytes, webcrypto } from 'node:crypto'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { apiKey } from '@better-auth/api-key'
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import type { Request } from 'express'
import { jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import { Passport } from 'passport'
import { Strategy, type VerifyFunction } from 'passport-http-bearer'
import { checkAPIKey, extractShortToken, generateAPIKey } from 'prefixed-api-key'
import type { KnownToken } from '../harness/tokens.js'

/** Another library that verifies a credential in this process. */
export interface Peer {
  /** What is presented: a key, a token, or the whole header if the library reads the header itself. */
  readonly credential: string
  /** Of the same form, and to be refused. */
  readonly forged: string
  verify(credential: string): boolean | Promise<boolean>
}

/** By the names of their rows, with credentials of equal strength: 256 bits and more. */
export const PEERS: Readonly<Record<string, (known: KnownToken) => Peer | Promise<Peer>>> = {
  'prefixed-api-key': prefixedApiKey,
  'passport-http-bearer': passportHttpBearer,
  'jsonwebtoken-hs256': jsonwebtokenHs256,
  'jose-hs256': joseHs256,
  'better-auth': betterAuthApiKey,
}

/** Finds the hash by the short token in a Map, as its README does in a database. */
async function prefixedApiKey(): Promise<Peer> {
  // 49 characters of 58 have as many random bits as a secret of Latchkey.
  const options = { keyPrefix: 'bench', longTokenLength: 49 }
  const [good, other] = await Promise.all([generateAPIKey(options), generateAPIKey(options)])
  const hashes = new Map([[good.shortToken, good.longTokenHash]])
  return {
    credential: good.token ?? '',
    forged: `bench_${good.shortToken}_${other.longToken}`,
    verify(key) {
      const expected = hashes.get(extractShortToken(key))
      return expected !== undefined && checkAPIKey(key, expected)
    },
  }
}

/** The strategy over a Map of SHA-256 digests, computed with the fastest function of Node. */
export function bearerStrategy(token: string): Strategy<VerifyFunction> {
  const users = new Map([[hash('sha256', token, 'hex'), { id: 'bench' }]])
  return new Strategy((presented, done) => done(null, users.get(hash('sha256', presented, 'hex')) ?? false))
}

/** Its middleware, called with the members of a request that it reads. */
function passportHttpBearer({ token, forged }: KnownToken): Peer {
  const passport = new Passport()
  passport.use(bearerStrategy(token))
  const middleware = passport.authenticate('bearer', { session: false, failWithError: true })
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  let passed = false
  const next = (error?: unknown) => {
    passed = error === undefined
  }
  return {
    credential: `Bearer ${token}`,
    forged: `Bearer ${forged}`,
    verify(authorization) {
      passed = false
      // It marks the request, so each call needs a new one.
      middleware({ headers: { authorization } } as Request, response, next)
      return passed
    },
  }
}

/** An HS256 token under a key of 256 bits, and one with the same claims that is signed with another key. */
export function signedJwt() {
  const sign = (key: KeyObject) =>
    jsonwebtoken.sign({ sub: 'bench', scope: 'a.read' }, key, { algorithm: 'HS256', expiresIn: '1d' })
  const key = createSecretKey(randomBytes(32))
  return { key, token: sign(key), forged: sign(createSecretKey(randomBytes(32))) }
}

/** With a KeyObject: it would make one of a string or Buffer in every call. */
function jsonwebtokenHs256(): Peer {
  const { key, token, forged } = signedJwt()
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
async function joseHs256(): Promise<Peer> {
  const { key, token, forged } = signedJwt()
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

/** Its api-key plugin over its memory adapter. Its rate limit is off, since no other contender has one. */
export async function betterAuthApiKey({ token, forged }: KnownToken): Promise<Peer> {
  const auth = betterAuth({
    baseURL: 'http://127.0.0.1',
    secret: randomBytes(32).toString('hex'),
    database: memoryAdapter({ user: [], session: [], account: [], verification: [], apikey: [] }),
    logger: { disabled: true },
    telemetry: { enabled: false },
    emailAndPassword: { enabled: true },
    plugins: [apiKey({ rateLimit: { enabled: false }, customKeyGenerator: () => token })],
  })
  const owner = { email: 'bench@example.com', name: 'bench', password: randomBytes(16).toString('hex') }
  const { user } = await auth.api.signUpEmail({ body: owner })
  await auth.api.createApiKey({ body: { userId: user.id, name: 'bench' } })
  return {
    credential: token,
    forged,
    verify: async (key) => (await auth.api.verifyApiKey({ body: { key } })).valid,
  }
}
