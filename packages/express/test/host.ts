import type { MountHost } from '@latchkey/testkit'
import type express from 'express'
import type { ErrorRequestHandler } from 'express'
import { latchkeyExpress } from '../src/index.js'

/** The contract's host on the given Express. */
export function expressHost(framework: typeof express): MountHost {
  return (plan) => {
    const app = framework()
    app.set('trust proxy', plan.trustProxy ? 'loopback' : false)
    if (plan.parsesJson) app.use(framework.json())

    const { requireToken, tokenRoutes } = latchkeyExpress(plan.latchkey)
    for (const { path, guards, cacheControl } of plan.guarded) {
      const chain = guards.map(({ scopes = [], onDenied }) =>
        requireToken({
          scopes,
          ...(onDenied && { onDenied: (denied, _req, res) => void res.status(418).json(onDenied(denied)) }),
        }),
      )
      app.all(path, ...chain, (req, res) => {
        if (cacheControl !== undefined) res.set('Cache-Control', cacheControl)
        res.json(plan.handle(req.apiToken))
      })
    }
    const { path: mount, ...routes } = plan.management
    app.use(mount, tokenRoutes(routes))

    app.use((_req, res) => void res.status(404).send(plan.notFound))
    const onError: ErrorRequestHandler = (error, _req, res, _next) => {
      plan.failed(error)
      res.sendStatus(500)
    }
    app.use(onError)
    return app
  }
}
