import type { RequestListener } from 'node:http'
import { latchkeyExpress } from '@latchkey/express'
import express from 'express'
import type { HostLatchkey } from './tokens.js'

/** The host on Express. */
export function expressHost(latchkey: HostLatchkey): RequestListener {
  const app = express()
  // The proxy on this machine is believed, nobody else.
  app.set('trust proxy', 'loopback')
  app.disable('x-powered-by')

  const { requireToken, tokenRoutes } = latchkeyExpress(latchkey)
  app.use('/api/v2/apiTokens', tokenRoutes())
  app.get('/metrics', requireToken({ scopes: ['metrics.read'] }), (_req, res) => {
    res.json({ metrics: [{ name: 'requests', value: 1 }] })
  })
  app.post('/metrics', requireToken({ scopes: ['metrics.ingest'] }), (_req, res) => {
    res.status(202).json({ accepted: true })
  })
  app.get('/whoami', requireToken(), (req, res) => {
    const { id, name, owner, scopes } = req.apiToken ?? {}
    res.json({ id, name, owner, scopes })
  })
  return app
}
