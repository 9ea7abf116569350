// The smallest Fastify host: two guarded routes, the token routes, and a clean end.
import { once } from 'node:events'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { latchkeyFastify } from '@latchkey/fastify'
import { fastify } from 'fastify'

const store = memoryStore()
const latchkey = createLatchkey({
  prefix: 'acme',
  store,
  scopes: { 'reports.read': 'Read reports', 'reports.write': 'Write reports' },
})
const { plugin, requireToken, tokenRoutes } = latchkeyFastify(latchkey)

// Trust X-Forwarded-For from a proxy on this machine only.
const app = fastify({ trustProxy: 'loopback' })
app.register(plugin)
app.register(tokenRoutes({ dialect: 'latchkey' }), { prefix: '/tokens' })

app.get('/reports', { onRequest: requireToken({ scopes: ['reports.read'] }) }, async (request) => {
  return { reports: [], readBy: request.apiToken?.owner }
})
app.post('/reports', { onRequest: requireToken({ scopes: ['reports.write'] }) }, async (_request, reply) => {
  return reply.code(201).send({ accepted: true })
})

await app.listen({ port: 3000 })
const { token } = await latchkey.create({ name: 'first', owner: 'admin', scopes: ['*'] })
console.log(`curl -H 'Authorization: Bearer ${token}' http://localhost:3000/reports`)

await once(process, 'SIGTERM')
await app.close()
// Writes the last uses that are still in memory.
await latchkey.close()
await store.close()
