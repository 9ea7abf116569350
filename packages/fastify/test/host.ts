import type { MountHost, RenderDenied } from '@latchkey/testkit'
import type { fastify, onRequestHookHandler } from 'fastify'
import { type DeniedHandler, latchkeyFastify } from '../src/index.js'

/** The `onDenied` of Fastify, of one of the contract. */
function rendering<Options extends { readonly onDenied?: RenderDenied | undefined }>({
  onDenied,
  ...options
}: Options) {
  const answer: DeniedHandler = async (denied, _request, reply) => {
    const body = await onDenied?.(denied)
    reply.code(418).send(body)
  }
  return { ...options, onDenied: onDenied && answer }
}

const facts = { refusesUndecodablePaths: true, routesKnownMethodsOnly: true }

/** The contract's host on the given Fastify, which parses the bodies of all routes but ours. */
export function fastifyHost(framework: typeof fastify): MountHost {
  return async (plan) => {
    const app = framework({ trustProxy: plan.trustProxy ? '127.0.0.1' : false })
    app.setErrorHandler((error, _request, reply) => {
      plan.failed(error)
      return reply.code(500).send('failed')
    })
    app.setNotFoundHandler((_request, reply) => reply.code(404).send(plan.notFound))
    if (plan.parsesJson)
      app.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => done(null, text))

    const { property = 'apiToken' } = plan.adapter
    const { plugin, requireToken, tokenRoutes } = latchkeyFastify(plan.latchkey, rendering(plan.adapter))
    app.register(plugin)
    for (const { path, guards, cacheControl, planted } of plan.guarded) {
      const plant: onRequestHookHandler = (request, _reply, done) => {
        if (planted !== undefined) Object.assign(request, { [property]: planted })
        done()
      }
      app.all(
        path,
        { onRequest: [plant, ...guards.map((guard) => requireToken(rendering(guard)))] },
        async (request, reply) => {
          if (cacheControl !== undefined) reply.header('Cache-Control', cacheControl)
          return plan.handle(Reflect.get(request, property))
        },
      )
    }
    const { path: prefix, ...routes } = plan.management
    app.register(tokenRoutes(rendering(routes)), { prefix })
    await app.ready()
    return { listener: app.routing, facts }
  }
}
