import {
  type Admission,
  createAdapter,
  encodeResponse,
  type HttpRequest,
  type HttpResponse,
  type InstanceSource,
  isAnswered,
  mountOf,
  optionError,
  routedRequest,
  splitTarget,
  streamBody,
} from '@latchkey/core/adapter'
import type { FastifyPluginCallback, FastifyReply, FastifyRequest, RouteGenericInterface } from 'fastify'
import { ClientRequest } from './client-request.js'
import type { AdapterOptions, DeniedHandler, FastifyAuth, GuardOptions, RoutesOptions } from './types.js'
import { bodyOf, leaveBodiesUnread } from './unread-bodies.js'

/**
 * Latchkey for Fastify 5. The client's address is `request.ip`, so the app's `trustProxy` decides what it is.
 * `latchkey`: one instance, or a function that picks one for each request. Throws a `TypeError` for unknown options.
 *
 * @example
 * const latchkey = createLatchkey({ store: memoryStore(), scopes: { 'reports.read': 'Read reports' } })
 * const { plugin, requireToken, tokenRoutes } = latchkeyFastify(latchkey)
 * const app = Fastify()
 * app.register(plugin)
 * app.register(tokenRoutes({ dialect: 'latchkey' }), { prefix: '/tokens' })
 * app.get('/reports', { onRequest: requireToken({ scopes: ['reports.read'] }) }, async () => [])
 */
export function latchkeyFastify<Scope extends string>(
  latchkey: InstanceSource<FastifyRequest, Scope>,
  options: AdapterOptions = {},
): FastifyAuth<Scope> {
  const adapter = createAdapter<FastifyRequest, Scope, DeniedHandler>('latchkeyFastify', latchkey, options)
  const { property } = adapter
  if (OF_REQUESTS.has(property)) {
    throw optionError('latchkeyFastify.property', `must not be ${property}, which every request of Fastify has already`)
  }

  const plugin: FastifyPluginCallback = (app, _options, done) => {
    if (!app.hasRequestDecorator(property)) app.decorateRequest(property)
    done()
  }

  function requireToken(guardOptions: GuardOptions<Scope, RouteGenericInterface> = {}) {
    const { judge, onDenied } = adapter.guard(guardOptions)

    function settle(admission: Admission, request: FastifyRequest, reply: FastifyReply, done: Done): void {
      if (isOver(reply)) return
      if (admission.ok) {
        Object.assign(request, { [property]: admission.token })
        const { cacheControl } = admission
        if (cacheControl !== undefined && !reply.hasHeader('Cache-Control')) reply.header('Cache-Control', cacheControl)
        done()
      } else if (onDenied === undefined) send(reply, admission.response)
      else {
        // What it throws becomes a rejection too: it may have answered before.
        const run = async () => onDenied(admission, request, reply)
        run().catch(unlessOver(reply, done))
      }
    }

    return (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
      const admission = judge(request, new ClientRequest(request), request.raw)
      if (admission instanceof Promise) {
        admission.then((late) => settle(late, request, reply, done), unlessOver(reply, done))
      } else settle(admission, request, reply, done)
    }
  }

  function tokenRoutes(routesOptions: RoutesOptions = {}): FastifyPluginCallback {
    const { answer, onDenied } = adapter.routes(routesOptions)
    return (app, _options, done) => {
      const readMount = mountReader(app.prefix)
      const handler = async (request: FastifyRequest, reply: FastifyReply) => {
        try {
          const answered = await answer(request, httpRequest(request, reply, readMount))
          if (isOver(reply)) answered?.response.release?.()
          else if (answered === undefined) reply.callNotFound()
          else if (answered.denied === undefined || onDenied === undefined) send(reply, answered.response)
          else await onDenied(answered.denied, request, reply)
        } catch (error) {
          if (!isOver(reply)) throw error
        }
        return reply
      }
      leaveBodiesUnread(app)
      const method = app.supportedMethods.filter((name) => name !== 'OPTIONS')
      for (const url of app.prefix === '' ? ['/*'] : ['', '/*']) app.route({ method, url, handler })
      done()
    }
  }

  return {
    plugin: Object.assign(plugin, OF_THE_APP),
    requireToken: requireToken as FastifyAuth<Scope>['requireToken'],
    tokenRoutes,
  }
}

type Done = (error?: Error) => void
type ReadMount = (path: string) => string

/** What fastify-plugin would add: the plugin has no scope of its own, and is for this version of Fastify. */
const OF_THE_APP = {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('plugin-meta')]: { name: '@latchkey/fastify', fastify: '5.x' },
}

/** What Fastify gives a request. It refuses these names as decorators too, but only when the app starts. */
const OF_REQUESTS: ReadonlySet<string> = new Set([
  ...['id', 'params', 'raw', 'query', 'log', 'body', 'server', 'url', 'originalUrl', 'method', 'routeOptions', 'is404'],
  ...['socket', 'signal', 'ip', 'ips', 'host', 'hostname', 'port', 'protocol', 'headers', 'additionalHeaders'],
  ...['mediaType', 'validationError', 'getValidationFunction', 'compileValidationSchema', 'validateInput'],
  ...['getDecorator', 'setDecorator'],
])

/** Whether somebody else has answered, or has taken the answer over. */
function isOver(reply: FastifyReply): boolean {
  return reply.sent || isAnswered(reply.raw)
}

function unlessOver(reply: FastifyReply, done: Done): (error: Error) => void {
  return (error) => {
    if (!isOver(reply)) done(error)
  }
}

function httpRequest(request: FastifyRequest, reply: FastifyReply, readMount: ReadMount): HttpRequest {
  const [sent, search] = splitTarget(request.url)
  const mount = readMount(sent)
  const path = sent.slice(mount.length)
  return routedRequest(new ClientRequest(request), reply.raw, {
    method: request.method,
    mount: mountOf(request.originalUrl, path, mount),
    path,
    search,
    body: () => bodyOf(request),
  })
}

/** The prefix may hold parameters, so its segments are counted in what was sent. Fastify has decoded its own copy. */
function mountReader(prefix: string): ReadMount {
  const depth = prefix.split('/').filter((segment) => segment !== '').length
  const pattern = new RegExp(`^(?:/+[^/]+){${depth}}`)
  return (path) => pattern.exec(path)?.[0] ?? ''
}

/** As bytes: to text, Fastify would add a charset. */
function send(reply: FastifyReply, response: HttpResponse): void {
  const { status, headers, body } = encodeResponse(response, true)
  reply.code(status).headers(headers)
  if (body === '') reply.send()
  else reply.send(typeof body === 'string' ? Buffer.from(body) : streamBody(body, reply.raw, response))
}
