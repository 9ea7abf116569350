import type { RequestListener } from 'node:http'
import { tokenConsole } from '@latchkey/console'
import { latchkeyFastify } from '@latchkey/fastify'
import { type FastifyPluginAsync, type FastifyRequest, fastify } from 'fastify'
import type { Environments } from './environments.js'
import { METRICS, metricsAccepted, reportsOf, whoami } from './resources.js'
import type { HostLatchkey } from './tokens.js'

/** The host on Fastify. */
export async function fastifyHost(latchkey: HostLatchkey, environments: Environments): Promise<RequestListener> {
  // Trust X-Forwarded-For from a proxy on this machine only. A path that cannot be decoded is not found.
  const app = fastify({
    trustProxy: 'loopback',
    frameworkErrors: (_error, _request, { raw }) => raw.writeHead(404).end(),
  })
  const { plugin, requireToken, tokenRoutes } = latchkeyFastify(latchkey)
  app.register(plugin)
  const page = tokenConsole({ tokenLink: true })
  app.register(tokenRoutes({ dialect: 'latchkey', resources: true, console: page }), { prefix: '/tokens' })
  app.register(tokenRoutes(), { prefix: '/api/v2/apiTokens' })
  app.register(tokenRoutes({ dialect: 'panther' }), { prefix: '/api-tokens' })
  app.register(metrics(requireToken))
  app.get('/whoami', { onRequest: requireToken() }, async ({ apiToken }) => apiToken && whoami(apiToken))

  const ofProject = requireToken({ scopes: ['reports.read'], resource: ({ params }) => `project:${params.id}` })
  app.get<{ Params: { id: string } }>('/projects/:id/reports', { onRequest: ofProject }, async ({ params }) =>
    reportsOf(params.id),
  )

  const byName = ({ params }: FastifyRequest) =>
    environments.instance(String(Reflect.get(Object(params), 'environment')))
  const ofEnvironment = latchkeyFastify((request) => byName(request) ?? latchkey)
  const authorize = ({ headers, raw, ip }: FastifyRequest) =>
    environments.authorize({ headers, rawHeaders: raw.rawHeaders, ip })
  app.register(
    async (scope) => {
      scope.addHook('onRequest', (request, reply, done) => {
        if (byName(request) === undefined) reply.callNotFound()
        else done()
      })
      scope.register(ofEnvironment.tokenRoutes({ authorize }), { prefix: '/api/v2/apiTokens' })
      scope.register(metrics(ofEnvironment.requireToken))
    },
    { prefix: '/e/:environment' },
  )
  app.setErrorHandler((error: { statusCode?: number }, _request, reply) => {
    const { statusCode = 500 } = error
    if (statusCode >= 500) console.error(error)
    return reply.code(statusCode).send()
  })
  await app.ready()
  return app.routing
}

type RequireToken = ReturnType<typeof latchkeyFastify<'metrics.read' | 'metrics.ingest'>>['requireToken']

function metrics(requireToken: RequireToken): FastifyPluginAsync {
  return async (scope) => {
    scope.get('/metrics', { onRequest: requireToken({ scopes: ['metrics.read'] }) }, async () => METRICS)
    scope.post('/metrics', { onRequest: requireToken({ scopes: ['metrics.ingest'] }) }, async (_request, reply) =>
      reply.code(202).send(metricsAccepted()),
    )
  }
}
