// Limits on Koa: requests of a token, and refused requests of an address.
import { once } from 'node:events'
import Router from '@koa/router'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { latchkeyKoa, type TokenState } from '@latchkey/koa'
import Koa, { type Middleware } from 'koa'
import proxyAddr from 'proxy-addr'
import { countRequest } from './counter.js'
import { redis, secondsToWait } from './shared.js'

const store = memoryStore()
const latchkey = createLatchkey({ prefix: 'acme', store, scopes: { 'reports.read': 'Read reports' } })
const { requireToken, tokenRoutes } = latchkeyKoa(latchkey)

/** Stands in front of the guards. */
const limitGuesses: Middleware = async (ctx, next) => {
  const seconds = await secondsToWait(ctx.ip)
  if (seconds === undefined) return next()
  ctx.set('Retry-After', String(seconds))
  ctx.status = 429
}

/** Stands behind a guard, which has proven whose request it is. */
const limitToken: Middleware<TokenState> = async (ctx, next) => {
  const { isAllowed, headers } = await countRequest(ctx.state.apiToken)
  ctx.set(headers)
  if (isAllowed) return next()
  ctx.status = 429
}

const app = new Koa()
// Trust X-Forwarded-For from a proxy on this machine only.
const trusted = proxyAddr.compile('loopback')
app.use((ctx, next) => {
  ctx.request.ip = proxyAddr(ctx.req, trusted)
  return next()
})
app.use(limitGuesses)
app.use(tokenRoutes({ path: '/tokens', dialect: 'latchkey' }))
const router = new Router<TokenState>()
router.get('/reports', requireToken({ scopes: ['reports.read'] }), limitToken, (ctx) => {
  ctx.body = []
})
app.use(router.routes())

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
