import { type ApiToken, createLatchkey, memoryStore } from '@latchkey/core'
import { type Context, Hono } from 'hono'
import { latchkeyHono } from '../src/index.js'

// Never run: what must compile, and what must not.

const declared = createLatchkey({ store: memoryStore(), scopes: { 'reports.read': 'Read reports' } })
const ip = (c: Context<{ Bindings: { address: string } }>) => c.env.address
const { requireToken, tokenRoutes } = latchkeyHono(declared, { ip })

requireToken()
requireToken({ scopes: ['reports.read', 'apiTokens.read', 'apiTokens.write'] })
// @ts-expect-error: a misspelt scope
requireToken({ scopes: ['report.read'] })
requireToken({ scopes: undefined, optional: undefined, onDenied: undefined })
// @ts-expect-error: a misspelt option
requireToken({ scope: ['reports.read'] })
// @ts-expect-error: a misspelt option beside a good one
requireToken({ scopes: ['reports.read'], optionl: true })

latchkeyHono(declared, { ip, property: undefined, onDenied: undefined })
// @ts-expect-error: the address must be told
latchkeyHono(declared, {})
// @ts-expect-error: the address must be told
latchkeyHono(declared)
// @ts-expect-error: a misspelt option
latchkeyHono(declared, { ip, onDeny: () => undefined })

const picked = latchkeyHono((c) => (c.req.header('x') === 'staging' ? declared : declared), { ip })
// @ts-expect-error: the scopes of the instances that it picks
picked.requireToken({ scopes: ['report.read'] })

tokenRoutes({ authorize: (c) => (c.req.header('x') ? { owner: 'root', scopes: ['*'] } : undefined) })
tokenRoutes({ authorize: async () => undefined, sessionOnly: true })
tokenRoutes({ onDenied: ({ response }, c) => c.text('', response.status === 401 ? 401 : 403) })
// @ts-expect-error: there is no such dialect
tokenRoutes({ dialect: 'github' })
// @ts-expect-error: a caller has scopes
tokenRoutes({ authorize: () => ({ owner: 'root' }) })

const app = new Hono<{ Variables: { requestId: string } }>()
app.route('/tokens', tokenRoutes())
app.get('/reports', requireToken({ scopes: ['reports.read'] }), (c) => {
  const owner: string = c.get('apiToken').owner
  // @ts-expect-error: a token shows no secrets
  c.get('apiToken').secrets
  // The host's own variables stay beside the token.
  return c.json({ owner, requestId: c.var.requestId, again: c.var.apiToken.id })
})
app.get('/news', requireToken({ optional: true }), (c) => {
  const token: ApiToken | undefined = c.get('apiToken')
  // @ts-expect-error: there may be none
  const owner: string = c.get('apiToken').owner
  return c.json({ token, owner })
})
app.get('/open', (c) => {
  // @ts-expect-error: no guard in sight
  return c.json(c.get('apiToken'))
})

// The property of the adapter's options.
const named = latchkeyHono(declared, { ip, property: 'key' })
app.get('/named', named.requireToken(), (c) => c.text(c.get('key').owner))

// Behind a middleware of the same chain.
new Hono().use(requireToken()).get('/', (c) => c.text(c.get('apiToken').owner))
