import { bodyParser } from '@koa/bodyparser'
import type { MountHost, RenderDenied } from '@latchkey/testkit'
import type Koa from 'koa'
import type { Middleware } from 'koa'
import { type DeniedHandler, latchkeyKoa } from '../src/index.js'

/** The `onDenied` of Koa, of one of the contract. */
function rendering<Options extends { readonly onDenied?: RenderDenied | undefined }>({
  onDenied,
  ...options
}: Options) {
  const answer: DeniedHandler = async (denied, ctx) => {
    ctx.body = await onDenied?.(denied)
    ctx.status = 418
  }
  return { ...options, onDenied: onDenied && answer }
}

/** The contract's host on the given Koa. */
export function koaHost(Framework: typeof Koa): MountHost {
  return (plan) => {
    const app = new Framework({ proxy: plan.trustProxy, maxIpsCount: 1 })
    app.on('error', plan.failed)
    if (plan.parsesJson) app.use(bodyParser())

    const { property = 'apiToken' } = plan.adapter
    const { requireToken, tokenRoutes } = latchkeyKoa(plan.latchkey, rendering(plan.adapter))
    for (const { path, guards, cacheControl, planted } of plan.guarded) {
      const plant: Middleware = (ctx, next) => {
        if (planted !== undefined) ctx.state[property] = planted
        return next()
      }
      const handler: Middleware = (ctx) => {
        if (cacheControl !== undefined) ctx.set('Cache-Control', cacheControl)
        ctx.body = plan.handle(ctx.state[property])
      }
      app.use(at(path, [plant, ...guards.map((guard) => requireToken(rendering(guard))), handler]))
    }
    app.use(tokenRoutes(rendering(plan.management)))
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
