import { type ApiToken, createLatchkey, memoryStore } from '@latchkey/core'
import express, { type Express, type RequestHandler } from 'express'
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
requireToken({ scopes: undefined, optional: undefined, onDenied: undefined })
// @ts-expect-error: a misspelt scope
requireToken({ scopes: ['report.read'] })
// @ts-expect-error: a misspelt scope
requireToken({ scopes: ['report.read'], optional: true })
// @ts-expect-error: a wildcard is no plain scope
requireToken({ scopes: ['reports.*'] })
// @ts-expect-error: a list is needed
requireToken({ scopes: 'reports.read' })
// @ts-expect-error: a misspelt option
requireToken({ scope: ['reports.read'] })
// @ts-expect-error: a misspelt option beside a good one
requireToken({ scopes: ['reports.read'], optionl: true })

requireToken({ resource: 'any' })
requireToken({ resource: (req) => `project:${req.params.id}` })
requireToken({ resource: ({ body }) => [`project:${body.from}`, `project:${body.to}`] })
requireToken({ resource: (req) => (req.query.all === undefined ? 'project:1' : undefined) })
// @ts-expect-error: a resource is named by a function
requireToken({ resource: 'project:1' })
// @ts-expect-error: which does not wait for anything
requireToken({ resource: async () => 'project:1' })

latchkeyExpress(renamed).requireToken({ scopes: ['TokenRead', 'TokenModify', 'reports.read'] })
// @ts-expect-error: its management scopes have other names
latchkeyExpress(renamed).requireToken({ scopes: ['apiTokens.read'] })

latchkeyExpress(undeclared).requireToken({ scopes: ['anything.at.all'] })

const picked = latchkeyExpress((req) => (req.hostname === 'staging' ? declared : declared))
picked.requireToken({ scopes: ['reports.read'] })
// @ts-expect-error: the scopes of the instances that it picks
picked.requireToken({ scopes: ['report.read'] })

latchkeyExpress(declared, { property: undefined, onDenied: undefined })
latchkeyExpress(declared, { onDenied: ({ denial }, _req, res) => void res.status(401).send(denial.reason) })
// @ts-expect-error: a misspelt option
latchkeyExpress(declared, { onDeny: () => undefined })

tokenRoutes({ dialect: 'panther' })
tokenRoutes({ authorize: (req) => (req.ip === '::1' ? { owner: 'root', scopes: ['*'] } : undefined) })
tokenRoutes({ authorize: async () => undefined, sessionOnly: true })
tokenRoutes({ onDenied: ({ response }, _req, res) => void res.sendStatus(response.status) })
// @ts-expect-error: there is no such dialect
tokenRoutes({ dialect: 'github' })
// @ts-expect-error: a caller has scopes
tokenRoutes({ authorize: () => ({ owner: 'root' }) })

const app: Express = express()
app.use('/tokens', tokenRoutes())

// In the route of a guard the token is there.
app.get('/reports/:year', requireToken({ scopes: ['reports.read'] }), (req, res) => {
  const owner: string = req.apiToken.owner
  const year: string = req.params.year
  res.json({ owner, year, page: req.query.page, name: req.body.name, user: res.locals.user })
  // @ts-expect-error: there is no such parameter
  res.json(req.params.month)
  // @ts-expect-error: a token shows no secrets
  res.json(req.apiToken.secrets)
})
const log: RequestHandler = (_req, _res, next) => next()
app.post('/reports', express.json(), requireToken(), (req, res) => void res.json(req.apiToken.owner))
app.post(
  '/reports/:id',
  (req, _res, next) => next(req.params.id),
  requireToken(),
  (req, res) => void res.json(req.apiToken.owner + req.params.id),
)
app.put(
  '/reports/:id',
  requireToken(),
  requireToken(),
  log,
  (req, _res, next) => next(req.apiToken.owner),
  (req, res) => {
    res.json(req.apiToken.owner + req.params.id)
  },
)
app.delete('/reports/:id', requireToken(), log)
app.use('/reports', requireToken(), (req, _res, next) => next(req.apiToken.owner))
app.use(requireToken(), (req, _res, next) => next(req.apiToken.owner))
app
  .route('/reports/:id')
  .all(log)
  .get(requireToken(), (req, res) => void res.json(req.apiToken.owner + req.params.id))
express.Router().patch('/:id', requireToken(), (req, res) => void res.json(req.apiToken.owner + req.params.id))

// Types that the host writes itself.
interface Body {
  readonly name: string
}
app.post('/typed/:id', requireToken(), (req: express.Request<{ id: string }, number, Body>, res) => {
  const name: string = req.body.name
  res.json(name.length)
  // @ts-expect-error: it answers numbers
  res.json(name)
})

// Optional: it may be absent.
app.get('/news/:id', requireToken({ optional: true }), (req, res) => {
  const token: ApiToken | undefined = req.apiToken
  res.json([token, req.params.id])
  // @ts-expect-error: there may be none
  res.json(req.apiToken.owner)
})
app.get('/news', requireToken({ optional: 1 > 0 }), (req, res) => {
  // @ts-expect-error: there may be none
  res.json(req.apiToken.owner)
})

// Where TypeScript cannot see the guard, it may be absent.
app.use(requireToken(), tokenRoutes())
app.get('/later/:id', (req, res) => {
  const owner: string | undefined = req.apiToken?.owner
  res.json({ owner, id: req.params.id })
  // @ts-expect-error: no guard in sight
  res.json(req.apiToken.owner)
  // @ts-expect-error: there is no such parameter
  res.json(req.params.other)
})
app.get(
  '/list',
  [requireToken(), log],
  (req: express.Request, res: express.Response) => void res.json(req.apiToken?.owner),
)
app.get(/pattern/, requireToken(), (req, res) => void res.json(req.apiToken?.owner))

// Routes without a guard are typed by Express alone.
app.get(
  '/two/:id',
  (req, _res, next) => next(req.params.id),
  (req, res) => {
    res.json(req.params.id)
    // @ts-expect-error: there is no such parameter
    res.json(req.params.other)
  },
)
app.use(
  (error: Error, _req: express.Request, res: express.Response, _next: express.NextFunction) =>
    void res.json(error.name),
)

// The property of the adapter's options.
const named = latchkeyExpress(declared, { property: 'key' })
app.get('/named', named.requireToken(), (req, res) => {
  const owner: string = req.key.owner
  res.json({ owner, other: req.apiToken?.owner })
})
app.get('/named', (req, res) => {
  // @ts-expect-error: only behind its guard
  res.json(req.key)
})

app.get(
  '/rendered',
  requireToken({
    onDenied: ({ denial, response }, req, res) => void res.status(response.status).send(denial.reason + req.path),
  }),
)
express.Router().use(requireToken(), tokenRoutes())
