// Limits on Hono: requests of a token, and refused requests of an address.
import { once } from 'node:events'
import { type HttpBindings, serve } from '@hono/node-server'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { latchkeyHono, type TokenVariables } from '@latchkey/hono'
import { type Context, Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import proxyAddr from 'proxy-addr'
import { countRequest } from './counter.js'
import { redis, secondsToWait } from './shared.js'

const store = memoryStore()
const latchkey = createLatchkey({ prefix: 'acme', store, scopes: { 'reports.read': 'Read reports' } })
// Trust X-Forwarded-For from a proxy on this machine only.
const trusted = proxyAddr.compile('loopback')
const ip = (c: Context<{ Bindings: HttpBindings }>) => proxyAddr(c.env.incoming, trusted)
const { requireToken, tokenRoutes } = latchkeyHono(latchkey, { ip })

/** Stands in front of the guards. */
const limitGuesses = createMiddleware<{ Bindings: HttpBindings }>(async (c, next) => {
  const seconds = await secondsToWait(ip(c))
  if (seconds === undefined) return next()
  return c.body(null, 429, { 'Retry-After': String(seconds) })
})

/** Stands behind a guard, which has proven whose request it is. */
const limitToken = createMiddleware<{ Variables: TokenVariables }>(async (c, next) => {
  const { isAllowed, headers } = await countRequest(c.get('apiToken'))
  for (const [name, value] of Object.entries(headers)) c.header(name, value)
  return isAllowed ? next() : c.body(null, 429)
})

const app = new Hono<{ Bindings: HttpBindings }>()
app.use(limitGuesses)
app.route('/tokens', tokenRoutes({ dialect: 'latchkey' }))
app.get('/reports', requireToken({ scopes: ['reports.read'] }), limitToken, (c) => c.json([]))

const server = serve({ fetch: app.fetch, port: 3000 })
await once(server, 'listening')
const { token } = await latchkey.create({ name: 'first', owner: 'admin', scopes: ['*'] })
console.log(`curl -i -H 'Authorization: Bearer ${token}' http://localhost:3000/reports`)

await once(process, 'SIGTERM')
server.close()
await once(server, 'close')
await latchkey.close()
await store.close()
redis?.disconnect()
