// One instance per environment: a token of production is unknown in staging.
import { once } from 'node:events'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import express, { type Request } from 'express'

const store = memoryStore()

function instanceFor(environment: string) {
  return createLatchkey({ prefix: 'acme', store, environment, scopes: { 'reports.read': 'Read reports' } })
}

const environments = new Map(['production', 'staging'].map((name) => [name, instanceFor(name)]))
const named = (request: Request) => environments.get(String(request.params.environment))

const { requireToken, tokenRoutes } = latchkeyExpress((request) => {
  const latchkey = named(request)
  if (latchkey === undefined) throw new Error('The environment must be known before a guard runs.')
  return latchkey
})

const app = express()
// An unknown name is 404. It never creates an instance.
app.use('/:environment', (req, _res, next) => next(named(req) === undefined ? 'router' : undefined))
app.use('/:environment/tokens', tokenRoutes({ dialect: 'latchkey' }))
app.get('/:environment/reports', requireToken({ scopes: ['reports.read'] }), (req, res) => {
  res.json({ environment: req.params.environment, readBy: req.apiToken.owner })
})

const server = app.listen(3000)
await once(server, 'listening')
const tokens: Record<string, string> = {}
for (const [name, latchkey] of environments) {
  const { token } = await latchkey.create({ name: 'first', owner: 'admin', scopes: ['*'] })
  tokens[name] = token
}
console.log(JSON.stringify(tokens))

await once(process, 'SIGTERM')
server.close()
await once(server, 'close')
for (const latchkey of environments.values()) await latchkey.close()
await store.close()
