import { type ApiToken, latchkeyFetch } from '../../src/fetch.js'
import { createLatchkey, memoryStore } from '../../src/index.js'

// Never run: what must compile, and what must not.

const declared = createLatchkey({ store: memoryStore(), scopes: { 'reports.read': 'Read reports' } })
const { requireToken, tokenRoutes } = latchkeyFetch(declared)

requireToken({ scopes: ['reports.read', 'apiTokens.read'] })
// @ts-expect-error: a misspelt scope
requireToken({ scopes: ['report.read'] })
// @ts-expect-error: a misspelt option
requireToken({ scope: ['reports.read'] })
// @ts-expect-error: a request has no place for it
latchkeyFetch(declared, { property: 'key' })
latchkeyFetch(declared, { onDenied: ({ response }) => new Response(null, { status: response.status }) })
// @ts-expect-error: it must answer
latchkeyFetch(declared, { onDenied: () => undefined })

export async function letIn(request: Request): Promise<Response> {
  const { token, response } = await requireToken()(request, { ip: undefined })
  return response ?? Response.json({ owner: token.owner })
}

export async function early(request: Request): Promise<Response> {
  const admission = await requireToken()(request, { ip: undefined })
  if (admission.response) return admission.response
  const found: ApiToken = admission.token
  return Response.json({ owner: found.owner, cacheControl: admission.cacheControl })
}

export async function optional(request: Request): Promise<string> {
  const { token, response } = await requireToken({ optional: true })(request, { ip: undefined })
  if (response) return 'refused'
  // @ts-expect-error: there may be none
  const owner: string = token.owner
  return token?.owner ?? owner
}

// @ts-expect-error: the address must be told
await requireToken()(new Request('http://host'))
await tokenRoutes({ authorize: ({ headers }) => (headers.has('x') ? { owner: 'o', scopes: ['*'] } : undefined) })(
  new Request('http://host'),
  { ip: '192.0.2.1', mount: '/tokens' },
)
// @ts-expect-error: the mount must be told
await tokenRoutes()(new Request('http://host'), { ip: undefined })
