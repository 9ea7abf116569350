// Limits on Fastify: requests of a token, and refused requests of an address.
import { once } from 'node:events'
import rateLimit from '@fastify/rate-limit'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { latchkeyFastify } from '@latchkey/fastify'
import { fastify } from 'fastify'
import { limitOf, redis, secondsToWait } from './shared.js'

const store = memoryStore()
const latchkey = createLatchkey({ prefix: 'acme', store, scopes: { 'reports.read': 'Read reports' } })
const { plugin, requireToken, tokenRoutes } = latchkeyFastify(latchkey)

// Trust X-Forwarded-For from a proxy on this machine only.
const app = fastify({ trustProxy: 'loopback' })
await app.register(plugin)

// Runs before the guards, which are hooks of the routes.
app.addHook('onRequest', async (request, reply) => {
  const seconds = await secondsToWait(request.ip)
  if (seconds !== undefined) return reply.code(429).header('Retry-After', seconds).send()
})

// Runs behind the guard of a route that asks for it, as one more of its `onRequest` hooks.
await app.register(rateLimit, {
  global: false,
  timeWindow: 60_000,
  max: ({ apiToken }) => limitOf(apiToken),
  keyGenerator: ({ apiToken }) => String(apiToken?.id),
  enableDraftSpec: true,
  // While Redis cannot be reached, nobody is refused.
  skipOnError: true,
  nameSpace: 'limit:',
  redis,
})

await app.register(tokenRoutes({ dialect: 'latchkey' }), { prefix: '/tokens' })
const limited = { onRequest: requireToken({ scopes: ['reports.read'] }), config: { rateLimit: {} } }
app.get('/reports', limited, async () => [])

await app.listen({ port: 3000 })
const { token } = await latchkey.create({ name: 'first', owner: 'admin', scopes: ['*'] })
console.log(`curl -i -H 'Authorization: Bearer ${token}' http://localhost:3000/reports`)

await once(process, 'SIGTERM')
await app.close()
await latchkey.close()
await store.close()
redis?.disconnect()
