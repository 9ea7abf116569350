import { bodyParser } from '@koa/bodyparser'
import type { MountHost } from '@latchkey/testkit'
import type Koa from 'koa'
import type { Middleware } from 'koa'
import { latchkeyKoa } from '../src/index.js'

/** The contract's host on the given Koa. */
export function koaHost(Framework: typeof Koa): MountHost {
  return (plan) => {
    const app = new Framework({ proxy: plan.trustProxy, maxIpsCount: 1 })
    app.on('error', plan.failed)
    if (plan.parsesJson) app.use(bodyParser())

    const { requireToken, tokenRoutes } = latchkeyKoa(plan.latchkey)
    for (const { path, guards, cacheControl } of plan.guarded) {
      const chain = guards.map(({ scopes = [], onDenied }) =>
        requireToken({
          scopes,
          ...(onDenied && {
            onDenied: (denied, ctx) => {
              ctx.body = onDenied(denied)
              ctx.status = 418
            },
          }),
        }),
      )
      const handler: Middleware = (ctx) => {
        if (cacheControl !== undefined) ctx.set('Cache-Control', cacheControl)
        ctx.body = plan.handle(ctx.state.apiToken)
      }
      app.use(at(path, [...chain, handler]))
    }
    app.use(tokenRoutes(plan.management))
    app.use((ctx) => {
      ctx.status = 404
      ctx.body = plan.notFound
    })
    return app.callback()
  }
}

/** Runs the middlewares one after another for one path. */
function at(path: string, chain: readonly Middleware[]): Middleware {
  return (ctx, next) => {
    const run = async (index: number): Promise<unknown> => chain[index]?.(ctx, () => run(index + 1))
    return ctx.path === path ? run(0) : next()
  }
}
