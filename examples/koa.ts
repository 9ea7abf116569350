// The smallest Koa host: two guarded routes, the token routes, and a clean end.
import { once } from 'node:events'
import Router from '@koa/router'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { latchkeyKoa, type TokenState } from '@latchkey/koa'
import Koa from 'koa'
import proxyAddr from 'proxy-addr'

const store = memoryStore()
const latchkey = createLatchkey({
  prefix: 'acme',
  store,
  scopes: { 'reports.read': 'Read reports', 'reports.write': 'Write reports' },
})
const { requireToken, tokenRoutes } = latchkeyKoa(latchkey)

const app = new Koa()
// Trust X-Forwarded-For from a proxy on this machine only. Koa has no option for that: `proxy: true` trusts the client.
const trusted = proxyAddr.compile('loopback')
app.use((ctx, next) => {
  ctx.request.ip = proxyAddr(ctx.req, trusted)
  return next()
})
app.use(tokenRoutes({ path: '/tokens', dialect: 'latchkey' }))

const router = new Router<TokenState>()
router.get('/reports', requireToken({ scopes: ['reports.read'] }), (ctx) => {
  ctx.body = { reports: [], readBy: ctx.state.apiToken.owner }
})
router.post('/reports', requireToken({ scopes: ['reports.write'] }), (ctx) => {
  ctx.status = 201
  ctx.body = { accepted: true }
})
app.use(router.routes())

const server = app.listen(3000)
await once(server, 'listening')
const { token } = await latchkey.create({ name: 'first', owner: 'admin', scopes: ['*'] })
console.log(`curl -H 'Authorization: Bearer ${token}' http://localhost:3000/reports`)

await once(process, 'SIGTERM')
server.close()
await once(server, 'close')
// Writes the last uses that are still in memory.
await latchkey.close()
await store.close()
