import type { RequestListener } from 'node:http'
import { tokenConsole } from '@latchkey/console'
import { latchkeyExpress } from '@latchkey/express'
import express, { type ErrorRequestHandler, type Request, type RequestHandler } from 'express'
import type { Environments } from './environments.js'
import { METRICS, metricsAccepted, reportsOf, whoami } from './resources.js'
import type { HostLatchkey } from './tokens.js'

/** The host on Express. */
export function expressHost(latchkey: HostLatchkey, environments: Environments): RequestListener {
  const app = express()
  // Trust X-Forwarded-For from a proxy on this machine only.
  app.set('trust proxy', 'loopback')
  app.disable('x-powered-by')

  const showMetrics: RequestHandler = (_req, res) => void res.json(METRICS)
  const takeMetrics: RequestHandler = (_req, res) => void res.status(202).json(metricsAccepted())

  const { requireToken, tokenRoutes } = latchkeyExpress(latchkey)
  app.use('/tokens', tokenRoutes({ dialect: 'latchkey', resources: true, console: tokenConsole({ tokenLink: true }) }))
  app.use('/api/v2/apiTokens', tokenRoutes())
  app.use('/api-tokens', tokenRoutes({ dialect: 'panther' }))
  app.get('/metrics', requireToken({ scopes: ['metrics.read'] }), showMetrics)
  app.post('/metrics', requireToken({ scopes: ['metrics.ingest'] }), takeMetrics)
  app.get('/whoami', requireToken(), (req, res) => void res.json(whoami(req.apiToken)))

  const ofProject = (req: Request) => `project:${req.params.id}`
  app.get('/projects/:id/reports', requireToken({ scopes: ['reports.read'], resource: ofProject }), (req, res) => {
    res.json(reportsOf(String(req.params.id)))
  })

  const byName = (req: Request) => environments.instance(String(req.params.environment))
  const ofEnvironment = latchkeyExpress((req) => byName(req) ?? latchkey)
  app.use('/e/:environment', (req, _res, next) => next(byName(req) === undefined ? 'router' : undefined))
  app.use('/e/:environment/api/v2/apiTokens', ofEnvironment.tokenRoutes({ authorize: environments.authorize }))
  app.get('/e/:environment/metrics', ofEnvironment.requireToken({ scopes: ['metrics.read'] }), showMetrics)
  app.post('/e/:environment/metrics', ofEnvironment.requireToken({ scopes: ['metrics.ingest'] }), takeMetrics)
  app.use(withoutStackTrace)
  return app
}

/** Express would send a stack trace. A path that cannot be decoded is not found. */
const withoutStackTrace: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent) return next(error)
  if (error instanceof URIError) return void res.sendStatus(404)
  console.error(error)
  res.sendStatus(500)
}
