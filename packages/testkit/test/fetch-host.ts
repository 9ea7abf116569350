import type { ApiToken } from '@latchkey/core'
import { type FetchDeniedHandler, latchkeyFetch } from '@latchkey/core/fetch'
import { fetchListener, type HostRequest, type MountHost, type RenderDenied } from '../src/index.js'

/** The `onDenied` of fetch, of one of the contract. */
function rendering<Options extends { readonly onDenied?: RenderDenied | undefined }>({
  onDenied,
  ...options
}: Options) {
  const answer: FetchDeniedHandler<Request> = async (denied) => Response.json(await onDenied?.(denied), { status: 418 })
  return { ...options, onDenied: onDenied && answer }
}

/** A function of the contract, which knows a request by its headers. */
function seeing<Result>(ask: (request: HostRequest) => Result): (request: Request) => Result {
  return ({ headers }) => ask({ headers: Object.fromEntries(headers) })
}

/** The contract's host without any framework, from `Request` to `Response`. */
export const fetchHost: MountHost = (plan) => {
  const { property: _, ...adapter } = plan.adapter
  const latchkey = typeof plan.latchkey === 'function' ? seeing(plan.latchkey) : plan.latchkey
  const { requireToken, tokenRoutes } = latchkeyFetch(latchkey, rendering(adapter))
  const guarded = new Map(
    plan.guarded.map(({ guards, ...route }) => {
      const made = guards.map(({ resource, ...guard }) =>
        requireToken({ ...rendering(guard), resource: typeof resource === 'function' ? seeing(resource) : resource }),
      )
      return [route.path, { ...route, guards: made }]
    }),
  )
  const { path, authorize, ...routes } = plan.management
  const manage = tokenRoutes({ ...rendering(routes), authorize: authorize && seeing(authorize) })

  async function answer(request: Request, ip: string | undefined): Promise<Response> {
    const route = guarded.get(new URL(request.url).pathname)
    if (route === undefined) {
      const body = plan.parsesJson ? await request.text() : undefined
      const managed = await manage(request, { ip, mount: path, body })
      return managed ?? new Response(plan.notFound, { status: 404 })
    }
    let token: ApiToken | undefined
    const headers = new Headers()
    for (const guard of route.guards) {
      const admission = await guard(request, { ip })
      if (admission.response !== undefined) return admission.response
      token = admission.token
      if (admission.cacheControl !== undefined) headers.set('Cache-Control', admission.cacheControl)
    }
    if (route.cacheControl !== undefined) headers.set('Cache-Control', route.cacheControl)
    const body = Response.json(plan.handle(token), { headers })
    return request.method === 'HEAD' ? new Response(null, body) : body
  }

  const listener = fetchListener(async (request, { socket, headers }) => {
    const peer = socket.remoteAddress
    const ip = plan.trustProxy ? behindProxy(headers['x-forwarded-for'], peer) : peer
    return answer(request, ip).catch((error: unknown) => {
      plan.failed(error)
      return new Response(null, { status: 500 })
    })
  })
  return { listener, facts: { resolvesDots: true, joinsHeaders: true } }
}

/** The proxy on this machine has added the last address. */
function behindProxy(forwarded: string | string[] | undefined, peer: string | undefined): string | undefined {
  return (
    String(forwarded ?? '')
      .split(',')
      .at(-1)
      ?.trim() || peer
  )
}
