// What the programs beside this one share: whose guesses are counted, and how many requests a token may make.
import { subscribe } from 'node:diagnostics_channel'
import type { ApiToken, LatchkeyEvents } from '@latchkey/core'
import { Redis } from 'ioredis'
import ipaddr from 'ipaddr.js'
import { RateLimiterMemory } from 'rate-limiter-flexible'

/** Several processes share their counts in Redis: `node limits/express.js redis://127.0.0.1:6379`. */
const [url] = process.argv.slice(2)
// While Redis cannot be reached, calls fail at once instead of waiting for it.
const failFast = { lazyConnect: true, enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 300 }
export const redis = url === undefined ? undefined : new Redis(url, failFast)
redis?.on('error', (error) => console.error(error.message))
// Connected before the limiters send their scripts. If Redis is down, the client tries again by itself.
await redis?.connect().catch(() => undefined)

const refusals = new RateLimiterMemory({ points: 20, duration: 60 })

/** The reasons that a holder of a right token never causes. A missing scope or an expired token is no guess. */
const GUESSES = new Set(['malformed', 'unknown', 'wrong_secret'])
subscribe('latchkey:denied', (message) => {
  const { reason, ip } = message as LatchkeyEvents['denied']
  if (GUESSES.has(reason)) void refusals.penalty(clientOf(ip))
})

/** How long an address that guessed too often must wait, in seconds. `undefined`: it need not. */
export async function secondsToWait(ip: string | undefined): Promise<number | undefined> {
  const used = await refusals.get(clientOf(ip))
  if (used === null || used.consumedPoints <= refusals.points) return undefined
  return Math.ceil(used.msBeforeNext / 1_000)
}

/** One client: an IPv4 address, or a /64 of IPv6, of which a single client has every address. */
function clientOf(ip: string | undefined): string {
  if (ip === undefined || !ipaddr.isValid(ip)) return 'unknown'
  const address = ipaddr.process(ip)
  return address.kind() === 'ipv4' ? address.toString() : address.toByteArray().slice(0, 8).join('.')
}

/** Requests a minute: what the token's metadata says, which only you and holders of `apiTokens.admin` write. Else 100. */
export function limitOf(token: ApiToken | undefined): number {
  const limit = token?.metadata?.requestsPerMinute
  return typeof limit === 'number' && Number.isSafeInteger(limit) && limit >= 0 ? limit : 100
}
