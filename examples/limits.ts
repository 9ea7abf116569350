// Limits that the library leaves to you: refused requests per address, admitted ones per token. And those that it has.
import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createLatchkey, type LatchkeyEvents, memoryStore } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import express, { type RequestHandler, type Response } from 'express'
import ipaddr from 'ipaddr.js'
import { type RateLimiterAbstract, RateLimiterMemory } from 'rate-limiter-flexible'

const DAY = 86_400_000

/** A typed listener on one of Latchkey's channels. */
function on<E extends keyof LatchkeyEvents>(event: E, listener: (message: LatchkeyEvents[E]) => void): void {
  subscribe(`latchkey:${event}`, (message) => listener(message as LatchkeyEvents[E]))
}

/** One client: an IPv4 address, or a /64 of IPv6, of which a single client has every address. */
function clientOf(ip: string | undefined): string {
  if (ip === undefined || !ipaddr.isValid(ip)) return 'unknown'
  const address = ipaddr.process(ip)
  return address.kind() === 'ipv4' ? address.toString() : address.toByteArray().slice(0, 8).join('.')
}

/** Answers 429 if a key has used more than its points. Resolves to whether it did. */
async function isRefused(limiter: RateLimiterAbstract, key: string, res: Response): Promise<boolean> {
  const used = await limiter.get(key)
  if (used === null || used.consumedPoints <= limiter.points) return false
  res.set('Retry-After', String(Math.ceil(used.msBeforeNext / 1_000))).sendStatus(429)
  return true
}

// Several processes share their counts by `RateLimiterRedis` or `RateLimiterPostgres`; its `insuranceLimiter` counts while
// the store cannot be reached.
const refusals = new RateLimiterMemory({ points: 20, duration: 60 })
const requests = new RateLimiterMemory({ points: 100, duration: 60 })

/** The reasons that a holder of a right token never causes. A missing scope or an expired token is no guess. */
const GUESSES = new Set(['malformed', 'unknown', 'wrong_secret'])
on('denied', ({ reason, ip }) => {
  if (GUESSES.has(reason)) void refusals.penalty(clientOf(ip))
})
on('verified', ({ id }) => void requests.penalty(id))

/** Stands in front of the guards. */
const limitGuesses: RequestHandler = async (req, res, next) => {
  if (!(await isRefused(refusals, clientOf(req.ip), res))) next()
}

/** Stands behind a guard, which has counted the request. */
const limitToken: RequestHandler = async (req, res, next) => {
  const id = req.apiToken?.id
  if (id === undefined || !(await isRefused(requests, id, res))) next()
}

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

const app = express()
// Trust X-Forwarded-For from a proxy on this machine only.
app.set('trust proxy', 'loopback')
app.use(limitGuesses)
app.use('/api/v2/apiTokens', tokenRoutes())
app.get(
  '/reports',
  requireToken({ scopes: ['reports.read'] }),
  limitToken,
  (_req, res) => void res.json({ reports: [] }),
)

const server = app.listen(3000)
await once(server, 'listening')
const { token } = await latchkey.create({ name: 'first', owner: 'admin', scopes: ['*'] })
console.log(`curl -H 'Authorization: Bearer ${token}' http://localhost:3000/reports`)

await once(process, 'SIGTERM')
server.close()
await once(server, 'close')
await latchkey.close()
await store.close()
