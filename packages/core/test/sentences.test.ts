// What a sentence must say: which value is meant, what was read, and what to write instead.
import { describe, expect, test } from 'vitest'
import { createAdapter, createGuard, createRouter } from '../src/adapter.js'
import {
  argon2id,
  type Caller,
  createLatchkey,
  hmacSha256,
  type Latchkey,
  memoryStore,
  RequestError,
} from '../src/index.js'
import { VERSION } from '../src/version.js'
import { call } from './support/call.js'
import { hostCaller, NOW, testInstance, unknownToken } from './support/instance.js'

const SCOPES = { 'reports.read': 'Read reports' }
const GOOD = { name: 'n', owner: 'ada', scopes: ['reports.read'] }
/** As a caller in JavaScript may get it wrong. */
const odd = (value: unknown) => value as never

/** Everything that the error of a call says. */
async function sentence(run: () => unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const violations = error instanceof RequestError ? error.violations : []
    return [error.message, ...violations.map(({ path, message }) => `${path}: ${message}`)].join('\n')
  }
  throw new Error('nothing was refused')
}

type Run = (latchkey: Latchkey, id: string, token: string) => unknown

test.each<[string, Run, ...string[]]>([
  ['a list of scopes for the options of a guard', () => createGuard(odd(['x'])), 'requireToken', '{ scopes: [...] }'],
  ['one scope for a list', () => createGuard({ scopes: odd('reports.read') }), 'a list of scopes', '"reports.read"'],
  ['a wildcard', () => createGuard({ scopes: ['reports.*'] }), 'plain scopes', '"reports.*"'],
  ['a text for the options of routes', () => createRouter(odd('dynatrace')), 'tokenRoutes', 'dialect', '"dynatrace"'],
  ['an unknown dialect', () => createRouter({ dialect: odd('rest') }), "'dynatrace' or 'panther'", '"rest"'],
  ['a flag that is none', () => createRouter({ secretInPath: odd('yes') }), 'secretInPath', 'true or false', '"yes"'],
  ['a session without a sign-in', () => createRouter({ sessionOnly: true }), 'sessionOnly', 'authorize'],
  ['a misspelt option of an adapter', (l) => createAdapter('a', l, odd({ onDeny: 1 })), 'a.onDeny is', 'onDenied'],
  [
    'a handler that is none',
    (l) => createAdapter('a', l, { onDenied: odd(401) }),
    'a.onDenied must',
    'function',
    '401',
  ],
  ['a handler of routes', () => createRouter({ onDenied: odd('no') }), 'tokenRoutes.onDenied must', '"no"'],
  ['no property', (l) => createAdapter('a', l, { property: '' }), 'a.property must', 'apiToken', '""'],
  ['a property of every object', (l) => createAdapter('a', l, { property: '__proto__' }), '"__proto__"'],
  ['a host for an origin', () => createRouter({ csrf: { trustedOrigins: ['a.b'] } }), 'https://', '"a.b"'],
  ['a store for the options', () => createLatchkey(odd([])), 'createLatchkey', 'object of options', 'a list'],
  ['no store', () => createLatchkey({ store: odd('redis://x') }), 'store', 'memoryStore()', '"redis://x"'],
  ['a time as text', () => createLatchkey({ store: memoryStore(), hostTimeout: odd('3s') }), 'hostTimeout', '"3s"'],
  [
    'a misspelt option',
    () => createLatchkey({ store: memoryStore(), ...(odd({ scope: {} }) as object) }),
    'scope is not',
    'scopes',
  ],
  ['a hasher by its name', () => createLatchkey({ store: memoryStore(), hasher: odd('argon2id') }), 'argon2id()'],
  ['a cost out of range', () => argon2id({ memory: 7 }), 'memory', 'from 8 to 65536', '7'],
  ['an unknown key', () => hmacSha256({ keys: { k1: new Uint8Array(32) }, current: 'k2' }), 'current', '"k2"', 'k1'],
  ['a list for the context', (l, _, token) => l.verify(token, odd(['reports.read'])), 'verify', 'ip, scopes', 'a list'],
  ['one scope in the context', (l, _, token) => l.verify(token, { scopes: odd('a') }), 'a list of scopes', '"a"'],
  [
    'what is no instance',
    () => createGuard()(odd({}), { headers: {}, rawHeaders: [], ip: undefined }),
    'createLatchkey',
    'an object',
  ],
  [
    'an instance of a copy of another form',
    () => createGuard({}, [], odd({ [Symbol.for('@latchkey/core/version')]: '9.8.7' })),
    'made by @latchkey/core 9.8.7',
    `@latchkey/core ${VERSION} of this adapter`,
    'npm ls @latchkey/core',
  ],
  ['a scope that is not declared', (l) => l.create({ ...GOOD, scopes: ['reports.red'] }), 'scopes[0]', 'reports.red'],
  [
    'a scope of odd letters',
    (l) => l.create({ ...GOOD, scopes: ['a b'] }),
    'scopes[0]',
    '"a b"',
    'parts joined by "."',
  ],
  [
    'a scope twice',
    (l) => l.create({ ...GOOD, scopes: ['reports.read', 'reports.read'] }),
    'scopes[1]',
    'reports.read',
  ],
  ['one scope for the list', (l) => l.create({ ...GOOD, scopes: odd('reports.read') }), 'list', '"reports.read"'],
  ['an address for a block', (l) => l.create({ ...GOOD, networks: ['10.0.0.1'] }), 'networks[0]', 'write 10.0.0.1/32'],
  ['a block with host bits', (l) => l.create({ ...GOOD, networks: ['10.0.0.1/8'] }), 'networks[0]', '10.0.0.0/8'],
  ['a block in octal', (l) => l.create({ ...GOOD, networks: ['010.0.0.0/8'] }), '"010.0.0.0/8"', '192.0.2.0/24'],
  ['a name that is none', (l) => l.create({ ...GOOD, name: odd(5) }), 'name', 'a string', '5'],
  ['a flag as text', (l, id) => l.update(id, { enabled: odd('false') }), 'enabled', 'true or false', '"false"'],
  ['an expiry in words', (l, id) => l.update(id, { expiresAt: 'tomorrow' }), 'expiresAt', '"tomorrow"', 'now+30d'],
  ['an unknown unit', (l, id) => l.update(id, { expiresAt: 'now+1s' }), '"now+1s"', 'm, h, d, w, M and y'],
  ['a Date', (l, id) => l.update(id, { expiresAt: odd(new Date(NOW)) }), 'expiresAt', 'a Date', 'getTime()'],
  [
    'an expiry in seconds',
    (l) => l.create({ ...GOOD, expiresAt: NOW / 1000 + 3600 }),
    ...['expiresAt', '1970-01-21T', 'in milliseconds, not seconds'],
  ],
  ['an expiry in the past', (l, id) => l.rotate(id, { expiresAt: 'now-1d' }), '2026-01-14T12:00:00.000Z', 'future'],
  ['a member that is none', (l, id) => l.update(id, odd({ scope: [] })), 'scope', 'no such member'],
  ['a filter that is none', (l) => l.list(odd({ ownr: 'x' })), 'ownr', 'owner, personal, enabled, scopes'],
  ['a filter of another type', (l) => l.list({ limit: odd('10') }), 'limit', 'from 1 to 10000', '"10"'],
  ['a caller without an owner', (l) => l.list({}, { caller: odd({ scopes: [] }) }), 'caller.owner', 'undefined'],
  ['a caller with an expiry as a Date', (l) => l.list({}, hostCaller({ expiresAt: odd(new Date()) })), 'getTime()'],
  ['a caller with an address', (l) => l.list({}, hostCaller({ networks: ['10.0.0.1'] })), '"10.0.0.1"', '/32'],
  ['a purge of the future', (l) => l.purge(NOW + 1), 'not in the future', String(NOW + 1)],
])('%s', async (_, run, ...words) => {
  const { latchkey, create } = testInstance({ scopes: SCOPES })
  const { id, token } = await create({ scopes: ['reports.read'] })
  const said = await sentence(() => run(latchkey, id, token))
  for (const word of words) expect(said).toContain(word)
})

/** Longer than what any message repeats; the second is a whole token. */
const LONG = ['Z'.repeat(41), unknownToken()]

test.each<[string, (text: string, latchkey: Latchkey, id: string, token: string) => unknown]>([
  ['an option of the instance', (text) => createLatchkey({ store: memoryStore(), [text]: 1 })],
  ['an option of a guard', (text) => createGuard({ [text]: 1 })],
  ['a scope of a guard', (text) => createGuard({ scopes: [`${text}.*`] })],
  ['an origin', (text) => createRouter({ csrf: { trustedOrigins: [text] } })],
  ['a dialect', (text) => createRouter({ dialect: odd(text) })],
  ['a declared scope', (text) => createLatchkey({ store: memoryStore(), scopes: { [`${text}.*`]: 'x' } })],
  ['a context', (text, l, _, token) => l.verify(token, odd({ [text]: 1 }))],
  ['an option of a call', (text, l) => l.list({}, odd({ [text]: 1 }))],
  ['a member of a caller', (text, l) => l.list({}, { caller: odd({ owner: 'a', scopes: [], [text]: 1 }) })],
  ['a block of a caller', (text, l) => l.list({}, hostCaller({ networks: [text] }))],
  ['a filter', (text, l) => l.list(odd({ [text]: 1 }))],
  ['the value of a filter', (text, l) => l.list({ limit: odd(text) })],
  ['a cursor', (text, l) => l.list({ cursor: text })],
  ['a member of an input', (text, l, id) => l.update(id, odd({ [text]: 1 }))],
  ['a scope', (text, l, id) => l.update(id, { scopes: [text, text, `${text} `] })],
  ['a scope that the caller lacks', (text, l) => l.create({ ...GOOD, scopes: [text] }, hostCaller({ scopes: ['a'] }))],
  ['a block', (text, l, id) => l.update(id, { networks: [text, text] })],
  ['an expiry', (text, l, id) => l.update(id, { expiresAt: text })],
  ['a flag', (text, l, id) => l.update(id, { enabled: odd(text) })],
  ['metadata', (text, l, id) => l.update(id, { metadata: odd(text) })],
  ['a purge', (text, l) => l.purge(odd(text))],
  ['an id', (text, l) => l.get(text)],
  ['a key', (text) => hmacSha256({ keys: { k1: new Uint8Array(32) }, current: text })],
])('a long text is not repeated: %s', async (_, run) => {
  const { latchkey, create } = testInstance()
  const { id, token } = await create()
  for (const text of LONG) {
    const said = await sentence(() => run(text, latchkey, id, token))
    expect(said).not.toContain(text)
    expect(said.length).toBeLessThan(900)
  }
})

describe('over HTTP', () => {
  test('a token is told how to delete and disable itself', async () => {
    const { latchkey, create } = testInstance()
    const { id, token: by } = await create({ scopes: ['*'] })
    const told = async (line: string, body?: object) => JSON.stringify((await call(latchkey, { line, by, body })).body)
    expect(await told(`DELETE /${id}`)).toContain('Name it as self')
    expect(await told(`PUT /${id}`, { enabled: false })).toContain('as self')
  })

  test('a query is told what was read', async () => {
    const { latchkey, create } = testInstance()
    const { token: by } = await create({ scopes: ['*'] })
    for (const [query, ...words] of [
      ['pageSize=1e3', '100 to 10000', '1e3'],
      ['sort=age', 'creationDate', 'age'],
      ['from=yesterday', 'now-2h', 'yesterday'],
      ['page=2', 'not a parameter', 'nextPageKey'],
    ]) {
      const { status, body } = await call(latchkey, { line: `GET /?${query}`, by })
      expect(status).toBe(400)
      for (const word of words) expect(JSON.stringify(body)).toContain(word)
    }
  })

  test('who is signed in and sent no token hears nothing of one', async () => {
    const { latchkey, create, store, clock } = testInstance()
    const { id } = await create({ owner: 'bob', scopes: ['b'] })
    const people: Partial<Caller>[] = [
      { scopes: [] },
      { scopes: ['apiTokens.read'] },
      { scopes: ['*'], expiresAt: clock.now },
      { scopes: ['*'], networks: ['10.0.0.0/8'] },
      { scopes: ['*'], personal: true },
      { scopes: ['apiTokens.*'] },
    ]
    const lines = [
      ...['GET /', `GET /${id}`, 'GET /self', `DELETE /${id}`, 'DELETE /self', `POST /${id}/rotate`],
      ...[
        `POST /${id}/rotate/finish`,
        `POST /${id}/rotate/cancel`,
        'POST /',
        `PUT /${id}`,
        'POST /lookup',
        'POST /revoke',
      ],
    ]
    const said: string[] = []
    const ask = async (line: string, caller: Partial<Caller> | undefined, headers = {}) => {
      const authorize = () => caller && { owner: 'ada', scopes: [], ...caller }
      const body = /^(?:POST \/(?:lookup|revoke)?|PUT .*)$/.test(line) ? {} : undefined
      const { status, body: answer } = await call(latchkey, { line, body, authorize, headers })
      if (status >= 400) said.push(JSON.stringify(answer))
      return status
    }
    for (const line of lines) {
      expect(await ask(line, undefined)).toBe(401)
      for (const caller of people) await ask(line, caller)
      if (!line.startsWith('GET'))
        expect(await ask(line, { scopes: ['*'] }, { 'sec-fetch-site': 'cross-site' })).toBe(403)
    }
    store.failing.set('find', new Error('down'))
    expect(await ask(`GET /${id}`, { scopes: ['*'] })).toBe(503)
    expect(said.length).toBeGreaterThan(60)
    for (const text of said) {
      expect(text).not.toMatch(/[Tt]he token (?:lacks|is not valid|cannot be checked)|This token|A token is needed/)
    }
    expect(said).toContainEqual(expect.stringContaining('Sign in, or send a token.'))
    expect(said).toContainEqual(expect.stringContaining('The caller lacks the scope apiTokens.write.'))
  })
})
