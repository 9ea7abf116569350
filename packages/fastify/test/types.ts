import { type ApiToken, createLatchkey, memoryStore } from '@latchkey/core'
import { type FastifyPluginAsync, type FastifyPluginCallback, fastify } from 'fastify'
import { latchkeyFastify } from '../src/index.js'

// Never run: what must compile, and what must not.

const declared = createLatchkey({ store: memoryStore(), scopes: { 'reports.read': 'Read reports' } })
const renamed = createLatchkey({
  store: memoryStore(),
  scopes: { 'reports.read': 'Read reports' },
  managementScopes: { read: 'TokenRead', write: 'TokenModify' },
})
const undeclared = createLatchkey({ store: memoryStore() })

const { plugin, requireToken, tokenRoutes } = latchkeyFastify(declared)
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

latchkeyFastify(declared, { property: undefined, onDenied: undefined })
// @ts-expect-error: a misspelt option
latchkeyFastify(declared, { onDeny: () => undefined })

latchkeyFastify(renamed).requireToken({ scopes: ['TokenRead', 'TokenModify', 'reports.read'] })
// @ts-expect-error: its management scopes have other names
latchkeyFastify(renamed).requireToken({ scopes: ['apiTokens.read'] })

latchkeyFastify(undeclared).requireToken({ scopes: ['anything.at.all'] })

const picked = latchkeyFastify((request) => (request.hostname === 'staging' ? declared : declared))
// @ts-expect-error: the scopes of the instances that it picks
picked.requireToken({ scopes: ['report.read'] })

tokenRoutes()
tokenRoutes({ dialect: 'panther' })
tokenRoutes({ authorize: (request) => (request.ip === '::1' ? { owner: 'root', scopes: ['*'] } : undefined) })
tokenRoutes({ authorize: async () => undefined, sessionOnly: true })
tokenRoutes({ onDenied: ({ response }, _request, reply) => reply.code(response.status).send() })
tokenRoutes({ onDenied: async ({ response }, _request, reply) => void reply.code(response.status).send() })
// @ts-expect-error: there is no such dialect
tokenRoutes({ dialect: 'github' })
// @ts-expect-error: a caller has scopes
tokenRoutes({ authorize: () => ({ owner: 'root' }) })

const app = fastify()
app.register(plugin)
app.register(tokenRoutes(), { prefix: '/tokens' })
app.addHook('onRequest', requireToken())
app.addHook('preHandler', requireToken())
app.get('/reports', { onRequest: requireToken({ scopes: ['reports.read'] }) }, async (request) => {
  const token: ApiToken | undefined = request.apiToken
  // @ts-expect-error: a token shows no secrets
  token?.secrets
  // @ts-expect-error: there may be no guard in front
  request.apiToken.owner
  return { owner: request.apiToken?.owner }
})
app.get('/both', { onRequest: [requireToken(), requireToken({ optional: true })] }, async () => 'ok')
app.route({ method: 'GET', url: '/route', onRequest: requireToken(), handler: () => undefined })
app.setNotFoundHandler({ preHandler: requireToken() }, (_request, reply) => reply.send())

// The function that names a resource gets the request of its route.
const ofProject = requireToken({ resource: ({ params }) => `project:${params.id}` })
app.get<{ Params: { id: string } }>('/projects/:id', { onRequest: ofProject }, async ({ params }) => params.id)
requireToken<{ Params: { id: string }; Querystring: { team: string } }>({
  resource: ({ params, query }) => [`project:${params.id}`, `team:${query.team}`],
})
// @ts-expect-error: it names text
requireToken({ resource: ({ params }) => ({ id: params.id }) })

// Schemas, other servers, and plugins of the host.
const schema = { querystring: { type: 'object', properties: { page: { type: 'integer' } } } } as const
app.get<{ Querystring: { page: number } }>(
  '/pages',
  { schema, onRequest: requireToken() },
  async ({ query }) => query.page,
)
const http2 = fastify({ http2: true })
http2.register(plugin)
http2.register(tokenRoutes(), { prefix: '/tokens' })
http2.addHook('onRequest', requireToken())
http2.get('/', { onRequest: requireToken() }, async (request) => request.apiToken?.id)
const one: FastifyPluginAsync = async (scope) => {
  scope.get('/', { onRequest: requireToken() }, async () => 'ok')
}
const other: FastifyPluginCallback = (scope, _options, done) => {
  scope.addHook('onRequest', requireToken())
  scope.register(tokenRoutes(), { prefix: '/tokens' })
  done()
}
app.register(one).register(other)

// The property of the adapter's options.
const named = latchkeyFastify(declared, { property: 'key' })
app.get('/named', { onRequest: named.requireToken() }, async (request) => request.getDecorator<ApiToken>('key').owner)
