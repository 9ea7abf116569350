import type { MountHost, RenderDenied } from '@latchkey/testkit'
import type express from 'express'
import type { ErrorRequestHandler, Request, Response } from 'express'
import { type DeniedHandler, latchkeyExpress } from '../src/index.js'

/** The `onDenied` of Express, of one of the contract. */
function rendering<Options extends { readonly onDenied?: RenderDenied | undefined }>({
  onDenied,
  ...options
}: Options) {
  const answer: DeniedHandler = async (denied, _req, res) => void res.status(418).json(await onDenied?.(denied))
  return { ...options, onDenied: onDenied && answer }
}

/** The contract's host on the given Express. */
export function expressHost(framework: typeof express): MountHost {
  return (plan) => {
    const app = framework()
    app.set('trust proxy', plan.trustProxy ? 'loopback' : false)
    if (plan.parsesJson) app.use(framework.json())

    const { property = 'apiToken' } = plan.adapter
    const { requireToken, tokenRoutes } = latchkeyExpress(plan.latchkey, rendering(plan.adapter))
    for (const { path, guards, cacheControl, planted } of plan.guarded) {
      if (planted !== undefined)
        app.all(path, (req, _res, next) => next(void Object.assign(req, { [property]: planted })))
      app.all(path, ...guards.map((guard) => requireToken(rendering(guard))), (req: Request, res: Response) => {
        if (cacheControl !== undefined) res.set('Cache-Control', cacheControl)
        res.json(plan.handle(Reflect.get(req, property)))
      })
    }
    const { path: mount, ...routes } = plan.management
    app.use(mount, tokenRoutes(rendering(routes)))

    app.use((_req, res) => void res.status(404).send(plan.notFound))
    const onError: ErrorRequestHandler = (error, _req, res, _next) => {
      plan.failed(error)
      res.sendStatus(500)
    }
    app.use(onError)
    return app
  }
}
