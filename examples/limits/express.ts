// Limits on Express: requests of a token, refused requests of an address, and those that the library has.
import { once } from 'node:events'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import express, { type RequestHandler } from 'express'
import { rateLimit } from 'express-rate-limit'
import type { Redis } from 'ioredis'
import { type RedisReply, RedisStore } from 'rate-limit-redis'
import { limitOf, redis, secondsToWait } from './shared.js'

const DAY = 86_400_000

const store = memoryStore()
const latchkey = createLatchkey({
  prefix: 'acme',
  store,
  scopes: { 'reports.read': 'Read reports' },
  maxTokensPerOwner: 10,
  maxLifetime: 90 * DAY,
  maxOverlap: 7 * DAY,
})
const { requireToken, tokenRoutes } = latchkeyExpress(latchkey)

/** Stands in front of the guards. */
const limitGuesses: RequestHandler = async (req, res, next) => {
  const seconds = await secondsToWait(req.ip)
  if (seconds === undefined) next()
  else res.set('Retry-After', String(seconds)).sendStatus(429)
}

const storeIn = (client: Redis) =>
  new RedisStore({
    prefix: 'limit:',
    sendCommand: (command, ...args) => client.call(command, ...args) as Promise<RedisReply>,
  })

/** Stands behind a guard, which has proven whose request it is. */
const limitToken = rateLimit({
  windowMs: 60_000,
  limit: (req) => limitOf(req.apiToken),
  keyGenerator: (req) => String(req.apiToken?.id),
  standardHeaders: 'draft-8',
  legacyHeaders: false,
  // While Redis cannot be reached, nobody is refused.
  passOnStoreError: true,
  ...(redis && { store: storeIn(redis) }),
})

const app = express()
// Trust X-Forwarded-For from a proxy on this machine only.
app.set('trust proxy', 'loopback')
app.use(limitGuesses)
app.use('/tokens', tokenRoutes({ dialect: 'latchkey' }))
app.get('/reports', requireToken({ scopes: ['reports.read'] }), limitToken, (_req, res) => void res.json([]))

const server = app.listen(3000)
await once(server, 'listening')
const { token } = await latchkey.create({ name: 'first', owner: 'admin', scopes: ['*'] })
console.log(`curl -i -H 'Authorization: Bearer ${token}' http://localhost:3000/reports`)

await once(process, 'SIGTERM')
server.close()
await once(server, 'close')
await latchkey.close()
await store.close()
redis?.disconnect()
