import Router from '@koa/router'
import { type ApiToken, createLatchkey, memoryStore } from '@latchkey/core'
import Koa from 'koa'
import { latchkeyKoa } from '../src/index.js'

// Never run: what must compile, and what must not. Checked with the types of Koa 2 and 3.

const declared = createLatchkey({ store: memoryStore(), scopes: { 'reports.read': 'Read reports' } })
const renamed = createLatchkey({
  store: memoryStore(),
  scopes: { 'reports.read': 'Read reports' },
  managementScopes: { read: 'TokenRead', write: 'TokenModify' },
})
const undeclared = createLatchkey({ store: memoryStore() })

const { requireToken, tokenRoutes } = latchkeyKoa(declared)
requireToken()
requireToken({ scopes: ['reports.read', 'apiTokens.read', 'apiTokens.write'] })
// @ts-expect-error: a misspelt scope
requireToken({ scopes: ['report.read'] })
// @ts-expect-error: a wildcard is no plain scope
requireToken({ scopes: ['reports.*'] })
requireToken({ scopes: undefined, optional: undefined, onDenied: undefined })
// @ts-expect-error: a misspelt option
requireToken({ scope: ['reports.read'] })
// @ts-expect-error: a misspelt option beside a good one
requireToken({ scopes: ['reports.read'], optionl: true })

latchkeyKoa(declared, { property: undefined, onDenied: undefined })
// @ts-expect-error: a misspelt option
latchkeyKoa(declared, { onDeny: () => undefined })

latchkeyKoa(renamed).requireToken({ scopes: ['TokenRead', 'TokenModify', 'reports.read'] })
// @ts-expect-error: its management scopes have other names
latchkeyKoa(renamed).requireToken({ scopes: ['apiTokens.read'] })

latchkeyKoa(undeclared).requireToken({ scopes: ['anything.at.all'] })

const picked = latchkeyKoa((ctx) => (ctx.hostname === 'staging' ? declared : declared))
// @ts-expect-error: the scopes of the instances that it picks
picked.requireToken({ scopes: ['report.read'] })

tokenRoutes({ path: '/tokens', dialect: 'panther' })
tokenRoutes({ path: '/tokens', authorize: (ctx) => (ctx.ip === '::1' ? { owner: 'root', scopes: ['*'] } : undefined) })
tokenRoutes({ path: '/tokens', authorize: async () => undefined })
tokenRoutes({ path: '/tokens', authorize: async () => undefined, sessionOnly: true })
tokenRoutes({ path: '/tokens', onDenied: ({ response }, ctx) => ctx.throw(response.status) })
// @ts-expect-error: a path is needed
tokenRoutes({ dialect: 'panther' })
// @ts-expect-error: there is no such dialect
tokenRoutes({ path: '/tokens', dialect: 'github' })
// @ts-expect-error: a caller has scopes
tokenRoutes({ path: '/tokens', authorize: () => ({ owner: 'root' }) })

const app = new Koa()
app.use(tokenRoutes({ path: '/tokens' }))
app.use(requireToken({ scopes: ['reports.read'] })).use((ctx) => {
  const owner: string = ctx.state.apiToken.owner
  ctx.body = { owner }
  // @ts-expect-error: a token shows no secrets
  ctx.body = ctx.state.apiToken.secrets
})
app.use(
  requireToken({
    onDenied: ({ denial, response }, ctx) => {
      ctx.status = response.status
      ctx.body = denial.reason
    },
  }),
)

// The host's own state stays beside the token.
new Koa<{ requestId: string }>()
  .use(tokenRoutes({ path: '/tokens' }))
  .use(requireToken())
  .use((ctx) => {
    ctx.body = { requestId: ctx.state.requestId, owner: ctx.state.apiToken.owner }
    // @ts-expect-error: nobody has put that there
    ctx.body = ctx.state.user
  })

// Optional: it may be absent.
new Koa().use(requireToken({ optional: true })).use((ctx) => {
  const token: ApiToken | undefined = ctx.state.apiToken
  ctx.body = token
  // @ts-expect-error: there may be none
  ctx.body = ctx.state.apiToken.owner
})

// The property of the adapter's options, beside one of the host's own.
const named = latchkeyKoa(declared, { property: 'key' })
new Koa<{ apiToken: number }>().use(named.requireToken()).use((ctx) => {
  ctx.body = ctx.state.key.owner.padEnd(ctx.state.apiToken)
})

// Of a router: in the same call.
const router = new Router<{ requestId: string }>()
router.get('/reports', requireToken({ scopes: ['reports.read'] }), (ctx) => {
  ctx.body = { owner: ctx.state.apiToken.owner, requestId: ctx.state.requestId }
  // @ts-expect-error: a token shows no secrets
  ctx.body = ctx.state.apiToken.secrets
})
router.get('/news', requireToken({ optional: true }), (ctx) => {
  ctx.body = ctx.state.apiToken?.owner
  // @ts-expect-error: there may be none
  ctx.body = ctx.state.apiToken.owner
})
router.get('/open', (ctx) => {
  // @ts-expect-error: no guard in sight
  ctx.body = ctx.state.apiToken
})
