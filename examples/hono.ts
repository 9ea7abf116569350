// The smallest Hono host: two guarded routes, the token routes, and a clean end.
import { once } from 'node:events'
import { type HttpBindings, serve } from '@hono/node-server'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { latchkeyHono } from '@latchkey/hono'
import { type Context, Hono } from 'hono'
import proxyAddr from 'proxy-addr'

const store = memoryStore()
const latchkey = createLatchkey({
  prefix: 'acme',
  store,
  scopes: { 'reports.read': 'Read reports', 'reports.write': 'Write reports' },
})
// Trust X-Forwarded-For from a proxy on this machine only. Hono knows no addresses.
const trusted = proxyAddr.compile('loopback')
const ip = (c: Context<{ Bindings: HttpBindings }>) => proxyAddr(c.env.incoming, trusted)
const { requireToken, tokenRoutes } = latchkeyHono(latchkey, { ip })

const app = new Hono()
app.route('/tokens', tokenRoutes({ dialect: 'latchkey' }))
app.get('/reports', requireToken({ scopes: ['reports.read'] }), (c) =>
  c.json({ reports: [], readBy: c.get('apiToken').owner }),
)
app.post('/reports', requireToken({ scopes: ['reports.write'] }), (c) => c.json({ accepted: true }, 201))

const server = serve({ fetch: app.fetch, port: 3000 })
await once(server, 'listening')
const { token } = await latchkey.create({ name: 'first', owner: 'admin', scopes: ['*'] })
console.log(`curl -H 'Authorization: Bearer ${token}' http://localhost:3000/reports`)

await once(process, 'SIGTERM')
server.close()
await once(server, 'close')
// Writes the last uses that are still in memory.
await latchkey.close()
await store.close()
