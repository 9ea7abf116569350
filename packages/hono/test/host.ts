import { getRequestListener } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import { fetchListener, type HostPlan, type HostRequest, type MountHost, type RenderDenied } from '@latchkey/testkit'
import { type Context, Hono } from 'hono'
import proxyAddr from 'proxy-addr'
import { type DeniedHandler, latchkeyHono } from '../src/index.js'

/** The `onDenied` of Hono, of one of the contract. */
function rendering<Options extends { readonly onDenied?: RenderDenied | undefined }>({
  onDenied,
  ...options
}: Options) {
  const answer: DeniedHandler = async (denied, c) => c.json((await onDenied?.(denied)) ?? {}, 418)
  return { ...options, onDenied: onDenied && answer }
}

/** A function of the contract, which knows a request by its headers. */
function seeing<Result>(ask: (request: HostRequest) => Result): (c: Context) => Result {
  return (c) => ask({ headers: c.req.header() })
}

function appOf(plan: HostPlan, ip: (c: Context) => string | undefined): Hono<{ Variables: Record<string, unknown> }> {
  const app = new Hono<{ Variables: Record<string, unknown> }>()
  app.onError((error, c) => {
    plan.failed(error)
    return c.text('failed', 500)
  })
  app.notFound((c) => c.text(plan.notFound, 404))
  if (plan.parsesJson) {
    app.use(async (c, next) => {
      await c.req.json().catch(() => undefined)
      await next()
    })
  }

  const { property = 'apiToken' } = plan.adapter
  const latchkey = typeof plan.latchkey === 'function' ? seeing(plan.latchkey) : plan.latchkey
  const { requireToken, tokenRoutes } = latchkeyHono(latchkey, { ...rendering(plan.adapter), ip })
  for (const { path, guards, cacheControl, planted } of plan.guarded) {
    app.use(path, (c, next) => {
      if (planted !== undefined) c.set(property, planted)
      return next()
    })
    for (const { resource, ...guard } of guards) {
      const named = typeof resource === 'function' ? seeing(resource) : resource
      app.use(path, requireToken({ ...rendering(guard), resource: named }))
    }
    app.all(path, (c) => {
      if (cacheControl !== undefined) c.header('Cache-Control', cacheControl)
      return c.json(plan.handle(c.get(property) as Parameters<typeof plan.handle>[0]))
    })
  }
  const { path: mount, authorize, ...routes } = plan.management
  app.route(
    mount === '' ? '/' : mount,
    tokenRoutes({ ...rendering(routes), authorize: authorize && seeing(authorize) }),
  )
  return app
}

/** On `@hono/node-server`, which leaves Node's own request in the environment. */
export const onNodeServer: MountHost = (plan) => {
  const ip = (c: Context) => (plan.trustProxy ? proxyAddr(c.env.incoming, 'loopback') : getConnInfo(c).remote.address)
  return { listener: getRequestListener(appOf(plan, ip).fetch), facts: { resolvesDots: true } }
}

/** By `app.request`, with a plain `Request`, as on runtimes other than Node. */
export const onRequests: MountHost = (plan) => {
  const app = appOf(plan, (c) => c.env.address)
  const listener = fetchListener((request, incoming) => {
    const address = plan.trustProxy ? proxyAddr(incoming, 'loopback') : incoming.socket.remoteAddress
    return app.request(request, undefined, { address })
  })
  return { listener, facts: { resolvesDots: true, joinsHeaders: true } }
}
