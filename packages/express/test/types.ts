import { createLatchkey, memoryStore } from '@latchkey/core'
import express, { type Express } from 'express'
import { latchkeyExpress } from '../src/index.js'

// Never run: what must compile, and what must not. Checked with the types of Express 4 and 5.

const declared = createLatchkey({ store: memoryStore(), scopes: { 'reports.read': 'Read reports' } })
const renamed = createLatchkey({
  store: memoryStore(),
  scopes: { 'reports.read': 'Read reports' },
  managementScopes: { read: 'TokenRead', write: 'TokenModify' },
})
const undeclared = createLatchkey({ store: memoryStore() })

const { requireToken, tokenRoutes } = latchkeyExpress(declared)
requireToken()
requireToken({ scopes: [] })
requireToken({ scopes: ['reports.read', 'apiTokens.read', 'apiTokens.write'] })
// @ts-expect-error: a misspelt scope
requireToken({ scopes: ['report.read'] })
// @ts-expect-error: a wildcard is no plain scope
requireToken({ scopes: ['reports.*'] })
// @ts-expect-error: a list is needed
requireToken({ scopes: 'reports.read' })
// @ts-expect-error: a misspelt option
requireToken({ scope: ['reports.read'] })

latchkeyExpress(renamed).requireToken({ scopes: ['TokenRead', 'TokenModify', 'reports.read'] })
// @ts-expect-error: its management scopes have other names
latchkeyExpress(renamed).requireToken({ scopes: ['apiTokens.read'] })

latchkeyExpress(undeclared).requireToken({ scopes: ['anything.at.all'] })

const picked = latchkeyExpress((req) => (req.hostname === 'staging' ? declared : declared))
picked.requireToken({ scopes: ['reports.read'] })
// @ts-expect-error: the scopes of the instances that it picks
picked.requireToken({ scopes: ['report.read'] })

tokenRoutes({ dialect: 'panther' })
tokenRoutes({ authorize: (req) => (req.ip === '::1' ? { owner: 'root', scopes: ['*'] } : undefined) })
tokenRoutes({ authorize: async () => undefined })
// @ts-expect-error: there is no such dialect
tokenRoutes({ dialect: 'github' })
// @ts-expect-error: a caller has scopes
tokenRoutes({ authorize: () => ({ owner: 'root' }) })

const app: Express = express()
app.use('/tokens', tokenRoutes())
app.get('/reports/:year', requireToken({ scopes: ['reports.read'] }), (req, res) => {
  const owner: string | undefined = req.apiToken?.owner
  const year: unknown = req.params.year
  res.json({ owner, year })
  // @ts-expect-error: without `?.`, since TypeScript cannot see the guard
  res.json(req.apiToken.owner)
  // @ts-expect-error: a token shows no secrets
  res.json(req.apiToken?.secrets)
})
app.get(
  '/rendered',
  requireToken({
    onDenied: ({ denial, response }, req, res) => void res.status(response.status).send(denial.reason + req.path),
  }),
)
express.Router().use(requireToken(), tokenRoutes())

// A guard leaves the parameters of a route as Express infers them.
app.get('/reports/:id', requireToken(), (req, res) => {
  const id: string = req.params.id
  // @ts-expect-error: there is no such parameter
  res.json(id + req.params.other)
})
