// The parsers as strangers reach them: through the guard and the routes of one instance, without a network between.
import { BlockList, isIP } from 'node:net'
import { type Caller, createLatchkey, type DialectName, memoryStore } from '@latchkey/core'
import { createGuard, createRouter, encodeResponse } from '@latchkey/core/adapter'
import { testHasher } from '@latchkey/testkit'

const NOW = Date.UTC(2030, 0, 1)
const guard = createGuard()
const ADMIN: Caller = { owner: 'alice', scopes: ['*'] }
const LIMITED: Caller = {
  owner: 'alice',
  scopes: ['apiTokens.*', 'reports.read'],
  networks: ['10.0.0.0/8'],
  expiresAt: NOW + 1_000_000,
  personal: true,
}

export const latchkey = createLatchkey({
  prefix: 'acme',
  store: memoryStore(),
  hasher: testHasher,
  cache: { ttl: 3_600_000 },
  now: () => NOW,
})
const bob = await latchkey.create({ name: 'bob', owner: 'bob', scopes: ['reports.read'] })
for (let i = 0; i < 150; i++) await latchkey.create({ name: `${i}`, owner: 'alice', scopes: ['reports.read'] })

/** The only token that may ever be let in. */
export const good = (await latchkey.create({ name: 'good', owner: 'alice', scopes: ['reports.read'] })).token
export const cursor = (await list('pageSize=100')).nextPageKey ?? ''

async function list(query: string): Promise<{ nextPageKey: string | null }> {
  const answer = await route('GET', '', { search: `?${query}`, caller: ADMIN })
  return answer?.body as { nextPageKey: string | null }
}

interface Asked {
  readonly search?: string
  readonly body?: unknown
  readonly caller?: Caller
  readonly dialect?: DialectName
}

/** The answer as a client reads it; `undefined` if the request is not ours. */
async function route(
  method: string,
  path: string,
  { search = '', body, caller, dialect = 'dynatrace' }: Asked,
): Promise<{ status: number; body: unknown } | undefined> {
  const headers = { 'content-type': 'application/json', 'content-length': '9' }
  const request = { method, path, search, headers, mount: '/tokens', rawHeaders: [], ip: '10.0.0.1' }
  const router = createRouter({ dialect, authorize: () => caller })
  const answer = await router(latchkey, { ...request, body: async () => body }, undefined)
  must(Reflect.get({}, 'polluted') === undefined, 'no prototype is touched')
  if (answer === undefined) return undefined
  const { status, body: json } = encodeResponse(answer)
  must(status < 500, `${method} ${path}${search} answers ${status}`)
  return { status, body: json === '' ? undefined : JSON.parse(json.toString()) }
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`Broken: ${what}`)
}

/** Any text in the place of a token. */
export async function asToken(text: string): Promise<void> {
  const expected = text === good
  must((await latchkey.verify(text)).ok === expected, 'only the good token is let in')
  must((await latchkey.explain({ token: text })).allowed === expected, 'and explained so')
  must(latchkey.verifyCached(text)?.ok !== !expected, 'also from the cache')
  const answer = await route('POST', '/lookup', { body: { token: text }, caller: LIMITED })
  must(answer?.status === (expected ? 200 : 404), 'and looked up so')
}

/** As Node's parser folds repeats: the first `Authorization`, all of the others joined. */
function foldedHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase()
    const value = rawHeaders[i + 1] ?? ''
    const known = Object.hasOwn(headers, name) ? headers[name] : undefined
    if (known === undefined)
      Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true })
    else if (name !== 'authorization') headers[name] = `${known}, ${value}`
  }
  return headers
}

/** Any headers, as names and values in turn. */
export async function asHeaders(rawHeaders: readonly string[]): Promise<void> {
  const admission = await guard(latchkey, { headers: foldedHeaders(rawHeaders), rawHeaders, ip: '10.0.0.1' })
  const names = rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase())
  const times = (wanted: string) => names.filter((name) => name === wanted).length
  const once = times('authorization') <= 1 && times('x-api-key') <= 1
  must(!admission.ok || rawHeaders.some((value) => value.includes(good)), 'nobody is let in without the good token')
  must(!admission.ok || once, 'nobody is let in with a repeated header')
  must(admission.ok || [400, 401].includes(admission.response.status), 'a refusal is 400 or 401')
}

/** Any text as a CIDR block; where it is accepted, Node's own `BlockList` must agree on the address. */
export async function asBlock(text: string, address: string): Promise<void> {
  const body = { name: 'n', scopes: ['reports.read'], allowedCIDRBlocks: [text] }
  const answer = await route('POST', '', { body, caller: ADMIN })
  if (answer?.status === 400) return
  must(answer?.status === 201, `${text} is accepted or refused`)
  const { id, token } = Object(answer?.body) as { id: string; token: string }
  const allowed = (await latchkey.verify(token, { ip: address })).ok
  await latchkey.delete(id)
  const [base = '', prefix = '', ...more] = text.split('/')
  must(isIP(base) !== 0 && /^\d+$/.test(prefix) && more.length === 0, `${text} is a block`)
  // Mapped blocks are IPv4 to us, and IPv6 to Node.
  if (/ffff:/i.test(base)) return
  const blocks = new BlockList()
  const family = isIP(base) === 4 ? 'ipv4' : 'ipv6'
  blocks.addSubnet(base, Number(prefix), family)
  const same = isIP(address) === isIP(base)
  must(allowed === (same && blocks.check(address, family)), `${address} in ${text} is ${allowed}`)
}

/** Any text as a resource of a token, and as the one that a route names. */
export async function asResource(held: string, asked: string): Promise<void> {
  const body = { name: 'n', scopes: ['reports.read'], resources: [held] }
  const answer = await route('POST', '', { body, caller: ADMIN, dialect: 'latchkey' })
  must(answer?.status === (isResource(held) ? 201 : 400), `${held} is accepted if it is a resource`)
  if (answer?.status !== 201) return
  const { id, token } = answer.body as { id: string; token: string }
  const allowed = (await latchkey.verify(token, { resources: [asked] })).ok
  const anywhere = (await latchkey.verify(token)).ok
  await latchkey.delete(id)
  const covers = held.endsWith(':*') ? asked.startsWith(held.slice(0, -1)) : asked === held
  const isOne = isResource(asked) && !asked.endsWith('*')
  must(allowed === (covers && isOne), `${held} for ${asked} is ${allowed}`)
  must(!anywhere, 'a bound token is refused where nothing is named')
}

/** By letters, without a regular expression. */
function isResource(text: string): boolean {
  const colon = text.indexOf(':')
  const [type, id] = [text.slice(0, Math.max(colon, 0)), text.slice(colon + 1)]
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-'
  const isVisible = (letter: string) => letter > ' ' && letter <= '~' && letter !== '*'
  const named = id === '*' || (id !== '' && [...id].every(isVisible) && !['undefined', 'null'].includes(id))
  return text.length <= 200 && type !== '' && [...type].every((letter) => letters.includes(letter)) && named
}

/** Any query of a list, by a caller who may see alice's tokens only. */
export async function asQuery(search: string): Promise<void> {
  for (const dialect of ['dynatrace', 'panther', 'latchkey'] as const) {
    const answer = await route('GET', '', { search, caller: LIMITED, dialect })
    must(answer?.status === 200 || answer?.status === 400, `${search} is 200 or 400`)
    must(!JSON.stringify(answer?.body).includes(bob.id), "bob's token is not listed")
    must((await route('GET', '', { search, dialect }))?.status === 401, 'and nothing without a credential')
  }
}

/** A text in the place of a cursor. */
export async function asCursor(text: string): Promise<void> {
  const search = `?nextPageKey=${encodeURIComponent(text.toWellFormed())}`
  const answer = await route('GET', '', { search, caller: ADMIN })
  must(answer?.status === (text === cursor ? 200 : 400), 'only the cursor itself is one')
}

const BODY_PATHS = [
  ['POST', ''],
  ['PUT', `/${bob.id}`],
  ['PUT', '/self'],
  ['POST', `/${bob.id}/rotate`],
  ['POST', `/${bob.id}/rotate/finish`],
  ['POST', '/lookup'],
  ['POST', '/revoke'],
] as const

/** Any JSON as the body of any operation, by nobody and by a limited caller, neither of whom may touch bob's token. */
export async function asBody(at: number, body: unknown): Promise<void> {
  const [method, path] = BODY_PATHS[at % BODY_PATHS.length] ?? BODY_PATHS[0]
  must((await route(method, path, { body }))?.status === 401, 'nobody does anything')
  const answer = await route(method, path, { body, caller: LIMITED })
  const { version: _, ...shown } = { version: 0, ...(await latchkey.get(bob.id)) }
  must(JSON.stringify(shown) === JSON.stringify(bob.apiToken), "bob's token stays as it is")
  if (answer?.status !== 201) return
  const { id } = answer.body as { id: string }
  const made = await latchkey.get(id)
  await latchkey.delete(id)
  must(made.owner === 'alice' && made.personal, 'it is personal, and of its maker')
  must(made.expiresAt !== undefined && made.expiresAt <= NOW + 1_000_000, 'it does not outlive its maker')
  must(made.networks.length > 0 && made.networks.every((block) => /10\.|ffff:a/i.test(block)), 'it is bound')
  must(
    made.scopes.every((scope) => scope === 'reports.read' || scope.startsWith('apiTokens.')),
    'it may do no more',
  )
}

/** Any method and path, by nobody. */
export async function asPath(method: string, path: string): Promise<void> {
  const answer = await route(method, path, {})
  const open = answer === undefined || [401, 405].includes(answer.status)
  must(open || /^\/?openapi\.json\/?$/.test(path), `${method} ${path} is 401, 405 or not ours`)
}
