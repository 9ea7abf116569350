import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { type Admission, createGuard, type GuardedRequest, type GuardOptions } from '../../src/adapter.js'
import { createLatchkey, type Latchkey, memoryStore } from '../../src/index.js'
import { testInstance } from '../support/instance.js'

describe('the options of a guard', () => {
  test('an adapter may have options of its own', () => {
    const withOthers = { scopes: ['a'], challenge: true }
    expect(createGuard(withOthers, ['challenge'])).toBeTypeOf('function')
    expect(createGuard({ scopes: undefined })).toBeTypeOf('function')
  })

  test.each<[string, unknown, string]>([
    [
      'a misspelt name',
      { scope: ['a'] },
      'requireToken.scope is not an option. There are: scopes, resource, optional, onDenied',
    ],
    [
      'an option of another adapter',
      { challenge: true },
      'requireToken.challenge is not an option. There are: scopes, resource, optional, onDenied',
    ],
    ['a bare list', ['a'], 'requireToken takes its scopes as { scopes: [...] }, not as a list'],
    ['a bare text', 'a', 'requireToken must be an object with some of scopes, resource, optional, onDenied, not "a"'],
    ['null', null, 'requireToken must be an object with some of scopes, resource, optional, onDenied, not null'],
    ['one text for a list', { scopes: 'a' }, 'requireToken.scopes must be a list of scopes, not "a"'],
    ['a wildcard', { scopes: ['a', 'b.*'] }, 'requireToken.scopes must be plain scopes, not "b.*"'],
    ['a flag that is none', { optional: 'yes' }, 'requireToken.optional must be true or false, not "yes"'],
    ['a handler that is none', { onDenied: 401 }, 'requireToken.onDenied must be a function, not 401'],
    ['an empty text', { scopes: [''] }, 'requireToken.scopes must be plain scopes, not ""'],
    [
      'a resource as a text',
      { resource: 'project:1' },
      `requireToken.resource must be a function such as (req) => 'project:' + req.params.id, or 'any', not "project:1"`,
    ],
  ])('%s is refused when the guard is made', (_, options, message) => {
    const make = () => createGuard(options as { scopes: string[] })
    expect(make).toThrow(TypeError)
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_OPTION', message }))
  })
})

const TTL = 5_000

type Keyed = GuardedRequest & { readonly key: object }

/** As an adapter's guard does it. */
function guarded(latchkey: Latchkey, request: Keyed, options?: GuardOptions) {
  return createGuard(options)(latchkey, request, request.key)
}

function bearer(text: string) {
  return { headers: { authorization: `Bearer ${text}` }, rawHeaders: ['Authorization', `Bearer ${text}`] }
}

/** `judged`: how many requests were judged by the cache, rather than let in by an earlier admission. */
async function scene() {
  const { latchkey, clock } = testInstance({ cache: { ttl: TTL } })
  const { token, id } = await latchkey.create({ name: 'x', owner: 'o', scopes: ['a', 'b'] })
  const request = (text: string) => ({ key: {}, ...bearer(text), ip: '192.0.2.1' })
  const [good, bad] = [() => request(token), () => request('nonsense')]
  const first = good()
  await guarded(latchkey, first, { scopes: ['a'] })
  const judged = () => latchkey.stats().cacheHits
  return { latchkey, clock, token, id, good, bad, first, judged }
}

const admitted = async (admission: Admission | Promise<Admission>) => (await admission).ok

test('a later guard of the request gets the admission, if it asks for nothing more', async () => {
  const { latchkey, first, judged } = await scene()
  const before = judged()
  expect(await admitted(guarded(latchkey, first, { scopes: ['a'] }))).toBe(true)
  expect(await admitted(guarded(latchkey, first))).toBe(true)
  expect(judged()).toBe(before)
  expect(await admitted(guarded(latchkey, first, { scopes: ['a', 'b'] }))).toBe(true)
  expect(judged()).toBe(before + 1)
  expect(await admitted(guarded(latchkey, first, { scopes: ['b'] }))).toBe(true)
  expect(judged()).toBe(before + 1)
  expect(await admitted(guarded(latchkey, first, { scopes: ['c'] }))).toBe(false)
})

test('what a middleware does to the credential between two guards is obeyed', async () => {
  const { latchkey, first, bad, token } = await scene()
  const { rawHeaders } = first
  const seen = (headers: object) => guarded(latchkey, { ...first, headers: { ...headers }, rawHeaders })
  expect(await admitted(seen({}))).toBe(false)
  expect(await admitted(seen(bad().headers))).toBe(false)
  expect(await admitted(seen({ authorization: ['Bearer x', 'Bearer y'] }))).toBe(false)
  const added = { key: {}, ip: undefined, headers: { 'x-api-key': token }, rawHeaders: ['Host', 'x'] }
  expect(await admitted(guarded(latchkey, added))).toBe(true)
  const without = { key: {}, ip: undefined, headers: { authorization: `Bearer ${token}` } }
  expect(await admitted(guarded(latchkey, without))).toBe(true)
})

test('a list of headers that Node may have cut is refused: a repeated credential may stand behind its end', async () => {
  const { latchkey, token } = await scene()
  const { headers, rawHeaders } = bearer(token)
  const filled = (pairs: number) => [...rawHeaders, ...Array.from({ length: 2 * pairs }, () => 'x')]
  const admit = async (pairs: number) =>
    admitted(guarded(latchkey, { key: {}, ip: undefined, headers, rawHeaders: filled(pairs) }))
  expect(await admit(998)).toBe(true)
  expect(await admit(999)).toBe(false)
})

test('an admission is as old as `cache.ttl` at most: then the request is judged again', async () => {
  const { latchkey, clock, good } = await scene()
  const { id, token } = await latchkey.create({ name: 'y', owner: 'o', scopes: ['a'] })
  const request = { ...good(), ...bearer(token) }
  expect(await admitted(guarded(latchkey, request))).toBe(true)
  await latchkey.delete(id)
  clock.now += TTL - 1
  expect(await admitted(guarded(latchkey, request))).toBe(true)
  clock.now += 1
  expect(await admitted(guarded(latchkey, request))).toBe(false)
})

test('an admission does not grow old by a clock that is set back', async () => {
  const { latchkey, clock, first, id } = await scene()
  await latchkey.delete(id)
  clock.now -= 1
  expect(await admitted(guarded(latchkey, first))).toBe(false)
})

test('without a key, nothing is remembered', async () => {
  const { latchkey, good, id } = await scene()
  const guard = createGuard()
  const request = good()
  expect(await admitted(guard(latchkey, request))).toBe(true)
  await latchkey.delete(id)
  expect(await admitted(guard(latchkey, request))).toBe(false)
})

test('no other request has its admission, whatever of it was copied or inherited', async () => {
  const { latchkey, first, id } = await scene()
  await latchkey.delete(id)
  const { key } = first
  for (const other of [{}, { ...key }, Object.create(key) as object, structuredClone(key), new Proxy(key, {})]) {
    expect(await admitted(guarded(latchkey, { ...first, key: other }))).toBe(false)
  }
  expect(await admitted(guarded(latchkey, first))).toBe(true)
})

test('the request and its headers look, print and compare as if nothing were remembered', async () => {
  const { latchkey, good } = await scene()
  const [untouched, request] = [good(), good()]
  expect(await admitted(guarded(latchkey, request))).toBe(true)
  for (const part of ['key', 'headers', 'rawHeaders'] as const) {
    expect(Reflect.ownKeys(request[part])).toEqual(Reflect.ownKeys(untouched[part]))
  }
  expect(request).toStrictEqual(untouched)
  const printed = (value: object) => inspect(value, { depth: Infinity, showHidden: true })
  expect(printed(request)).toBe(printed(untouched))
  expect(JSON.stringify(request)).toBe(JSON.stringify(untouched))
})

test('another address is judged again if the token is not good from everywhere: another app may trust fewer proxies', async () => {
  const { latchkey, good, first } = await scene()
  const away = { ip: '198.51.100.7' }
  expect(await admitted(guarded(latchkey, { ...first, ...away }))).toBe(true)
  const { token } = await latchkey.create({
    name: 'y',
    owner: 'o',
    scopes: ['a'],
    networks: ['192.0.2.0/24', '198.51.100.0/24'],
  })
  const request = { ...good(), ...bearer(token) }
  expect(await admitted(guarded(latchkey, request))).toBe(true)
  expect(await admitted(guarded(latchkey, { ...request, ip: '203.0.113.1' }))).toBe(false)
  const { verified, cacheHits } = latchkey.stats()
  expect(await admitted(guarded(latchkey, request))).toBe(true)
  expect(latchkey.stats().cacheHits).toBe(cacheHits)
  expect(await admitted(guarded(latchkey, { ...request, ...away }))).toBe(true)
  expect(latchkey.stats().cacheHits).toBe(cacheHits + 1)
  expect(latchkey.stats().verified).toBe(verified)
})

test('the address is asked for at most once, while the guard is called, and only if somebody needs it', async () => {
  const { latchkey } = await scene()
  const { token } = await latchkey.create({ name: 'y', owner: 'o', scopes: ['a'], networks: ['192.0.2.0/24'] })
  const asks = (text: string, instance = latchkey) => {
    let asked = 0
    const request = {
      key: {},
      ...bearer(text),
      get ip() {
        asked++
        return '192.0.2.1'
      },
    }
    const admission = guarded(instance, request)
    return { admission, asked: () => asked }
  }
  for (const late of [true, false]) {
    const { admission, asked } = asks(token)
    expect(admission instanceof Promise).toBe(late)
    expect(asked()).toBe(1)
    expect(await admitted(admission)).toBe(true)
    expect(asked()).toBe(1)
  }
  const { admission, asked } = asks('nonsense')
  expect([await admitted(admission), asked()]).toEqual([false, 0])
  const untracked = createLatchkey({ store: memoryStore(), lastUsed: false })
  const free = (await untracked.create({ name: 'z', owner: 'o', scopes: ['a'] })).token
  await untracked.verify(free)
  const seen = asks(free, untracked)
  expect([await admitted(seen.admission), seen.asked()]).toEqual([true, 0])
})

test('scopes that are added to the list of a guard later are not covered', async () => {
  const { latchkey, good } = await scene()
  const request = good()
  const scopes = ['a']
  const guard = createGuard({ scopes })
  scopes.push('admin')
  expect(await admitted(guard(latchkey, request, request.key))).toBe(true)
  expect(await admitted(guarded(latchkey, request, { scopes: ['admin'] }))).toBe(false)
})

test('what changes while the token is judged is not taken for what was judged', async () => {
  const { latchkey, good, bad } = await scene()
  const { token } = await latchkey.create({ name: 'y', owner: 'o', scopes: ['a'], networks: ['192.0.2.0/24'] })
  const scopes = ['a']
  const request = { ...good(), ...bearer(token) }
  const { headers } = request
  const admission = guarded(latchkey, request, { scopes })
  expect(admission).toBeInstanceOf(Promise)
  Object.assign(request, { ...bad(), key: request.key, ip: '198.51.100.7' })
  scopes[0] = 'b'
  expect(await admitted(admission)).toBe(true)
  expect(await admitted(guarded(latchkey, request))).toBe(false)
  const { key } = request
  expect(await admitted(guarded(latchkey, { key, headers, ip: '198.51.100.7' }))).toBe(false)
  expect(await admitted(guarded(latchkey, { key, headers, ip: '192.0.2.1' }, { scopes: ['b'] }))).toBe(false)
  expect(await admitted(guarded(latchkey, { key, headers, ip: '192.0.2.1' }, { scopes: ['a'] }))).toBe(true)
})

test.each([
  ['frozen', Object.freeze],
  ['sealed', Object.seal],
  ['not extensible', Object.preventExtensions],
  ['behind a proxy', (part: object) => new Proxy(part, {})],
])('a request that can hold nothing more is remembered too: %s', async (_what, close) => {
  const { latchkey, good, id } = await scene()
  const { key, headers, ...rest } = good()
  const request = { ...rest, key: close(key), headers: close(headers) as typeof headers }
  expect(await admitted(guarded(latchkey, request))).toBe(true)
  await latchkey.delete(id)
  expect(await admitted(guarded(latchkey, request))).toBe(true)
})

test('nor has another instance, or a request that was refused', async () => {
  const { latchkey, token, bad, first } = await scene()
  const other = createLatchkey({ store: memoryStore() })
  expect(await admitted(guarded(other, first))).toBe(false)
  const refused = bad()
  expect(await admitted(guarded(latchkey, refused))).toBe(false)
  expect(await admitted(guarded(latchkey, { ...refused, ...bearer(token) }))).toBe(true)
})
