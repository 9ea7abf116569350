import type { RequestListener } from 'node:http'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { tokenConsole } from '@latchkey/console'
import { latchkeyHono } from '@latchkey/hono'
import { type Context, Hono } from 'hono'
import proxyAddr from 'proxy-addr'
import type { Environments } from './environments.js'
import { METRICS, metricsAccepted, reportsOf, whoami } from './resources.js'
import type { HostLatchkey } from './tokens.js'

type NodeContext = Context<{ Bindings: HttpBindings }>

/** The host on Hono. */
export function honoHost(latchkey: HostLatchkey, environments: Environments): RequestListener {
  // Trust X-Forwarded-For from a proxy on this machine only. Hono knows no addresses.
  const trusted = proxyAddr.compile('loopback')
  const ip = (c: NodeContext) => proxyAddr(c.env.incoming, trusted)

  const showMetrics = (c: Context) => c.json(METRICS)
  const takeMetrics = (c: Context) => c.json(metricsAccepted(), 202)

  const app = new Hono()
  const { requireToken, tokenRoutes } = latchkeyHono(latchkey, { ip })
  const page = tokenConsole({ tokenLink: true })
  app.route('/tokens', tokenRoutes({ dialect: 'latchkey', resources: true, console: page }))
  app.route('/api/v2/apiTokens', tokenRoutes())
  app.route('/api-tokens', tokenRoutes({ dialect: 'panther' }))
  app.get('/metrics', requireToken({ scopes: ['metrics.read'] }), showMetrics)
  app.post('/metrics', requireToken({ scopes: ['metrics.ingest'] }), takeMetrics)
  app.get('/whoami', requireToken(), (c) => c.json(whoami(c.get('apiToken'))))

  const ofProject = (c: Context) => `project:${c.req.param('id')}`
  app.get('/projects/:id/reports', requireToken({ scopes: ['reports.read'], resource: ofProject }), (c) =>
    c.json(reportsOf(c.req.param('id'))),
  )

  const byName = (c: Context) => environments.instance(c.req.param('environment') ?? '')
  const ofEnvironment = latchkeyHono((c) => byName(c) ?? latchkey, { ip })
  const authorize = (c: NodeContext) => {
    const { headers, rawHeaders } = c.env.incoming
    return environments.authorize({ headers, rawHeaders, ip: ip(c) })
  }
  app.use('/e/:environment/*', (c, next) => (byName(c) === undefined ? Promise.resolve(c.notFound()) : next()))
  app.route('/e/:environment/api/v2/apiTokens', ofEnvironment.tokenRoutes({ authorize }))
  app.get('/e/:environment/metrics', ofEnvironment.requireToken({ scopes: ['metrics.read'] }), showMetrics)
  app.post('/e/:environment/metrics', ofEnvironment.requireToken({ scopes: ['metrics.ingest'] }), takeMetrics)
  return getRequestListener(app.fetch)
}
