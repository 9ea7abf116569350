// Counts the requests of a token where a framework has no limiter of its own, as for Koa and Hono.
import type { ApiToken } from '@latchkey/core'
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible'
import { limitOf, redis } from './shared.js'

// It only counts: each token has a limit of its own.
const window = { points: Number.MAX_SAFE_INTEGER, duration: 60 }
const inMemory = new RateLimiterMemory(window)
// While Redis cannot be reached, each process counts for itself.
const requests = redis
  ? new RateLimiterRedis({ ...window, storeClient: redis, keyPrefix: 'limit', insuranceLimiter: inMemory })
  : inMemory

/** Counts one request: whether it may go on, and the headers that tell the client what is left. */
export async function countRequest(token: ApiToken) {
  const limit = limitOf(token)
  const { consumedPoints, msBeforeNext } = await requests.penalty(token.id)
  const seconds = Math.ceil(msBeforeNext / 1_000)
  const isAllowed = consumedPoints <= limit
  const headers: Record<string, string> = {
    'RateLimit-Policy': `"token";q=${limit};w=${window.duration}`,
    RateLimit: `"token";r=${Math.max(0, limit - consumedPoints)};t=${seconds}`,
    ...(!isAllowed && { 'Retry-After': String(seconds) }),
  }
  return { isAllowed, headers }
}
