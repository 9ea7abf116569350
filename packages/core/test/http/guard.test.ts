import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { type Admission, createGuard, type GuardedRequest, type GuardOptions } from '../../src/adapter.js'
import { createLatchkey, type Latchkey, memoryStore } from '../../src/index.js'
import { testInstance } from '../support/instance.js'

describe('the options of a guard', () => {
  test('an adapter may have options of its own', () => {
    const withOthers = { scopes: ['a'], onDenied: () => undefined }
    expect(createGuard(withOthers, ['onDenied'])).toBeTypeOf('function')
    expect(createGuard({ scopes: undefined })).toBeTypeOf('function')
  })

  test.each<[string, unknown, string]>([
    ['a misspelt name', { scope: ['a'] }, 'requireToken.scope is not an option. There are: scopes'],
    [
      'an option of another adapter',
      { onDenied: () => undefined },
      'requireToken.onDenied is not an option. There are: scopes',
    ],
    ['a bare list', ['a'], 'requireToken takes its scopes as { scopes: [...] }, not as a list'],
    ['a bare text', 'a', 'requireToken must be an object with some of scopes, not "a"'],
    ['null', null, 'requireToken must be an object with some of scopes, not null'],
    ['one text for a list', { scopes: 'a' }, 'requireToken.scopes must be a list of scopes, not "a"'],
    ['a wildcard', { scopes: ['a', 'b.*'] }, 'requireToken.scopes must be plain scopes, not "b.*"'],
    ['an empty text', { scopes: [''] }, 'requireToken.scopes must be plain scopes, not ""'],
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

async function scene() {
  const { latchkey, clock } = testInstance({ cache: { ttl: TTL } })
  const { token } = await latchkey.create({ name: 'x', owner: 'o', scopes: ['a', 'b'] })
  const request = (text: string) => ({
    key: {},
    rawHeaders: ['Authorization', `Bearer ${text}`],
    ip: '192.0.2.1',
  })
  const [good, bad] = [() => request(token), () => request('nonsense')]
  const first = good()
  await guarded(latchkey, first, { scopes: ['a'] })
  // From now on the headers would be refused, were they judged again.
  first.rawHeaders[1] = 'Bearer nonsense'
  return { latchkey, clock, token, good, bad, first }
}

/** As a host's deep clone might do it. */
function withPropertiesOf(list: string[]): string[] {
  const clone = Object.create(list) as string[]
  for (const key of Reflect.ownKeys(list)) {
    Object.defineProperty(clone, key, Object.getOwnPropertyDescriptor(list, key) ?? {})
  }
  return clone
}

const admitted = async (admission: Admission | Promise<Admission>) => (await admission).ok

test('a later guard of the request gets the admission, if it asks for nothing more', async () => {
  const { latchkey, token, first } = await scene()
  const { verified } = latchkey.stats()
  expect(await admitted(guarded(latchkey, first, { scopes: ['a'] }))).toBe(true)
  expect(await admitted(guarded(latchkey, first))).toBe(true)
  expect(latchkey.stats().verified).toBe(verified)
  expect(await admitted(guarded(latchkey, first, { scopes: ['b'] }))).toBe(false)
  first.rawHeaders[1] = `Bearer ${token}`
  expect(await admitted(guarded(latchkey, first, { scopes: ['a', 'b'] }))).toBe(true)
  first.rawHeaders[1] = 'Bearer nonsense'
  expect(await admitted(guarded(latchkey, first, { scopes: ['b'] }))).toBe(true)
})

test('an admission is as old as `cache.ttl` at most: then the request is judged again', async () => {
  const { latchkey, clock, good } = await scene()
  const { id, token } = await latchkey.create({ name: 'y', owner: 'o', scopes: ['a'] })
  const request = { ...good(), rawHeaders: ['Authorization', `Bearer ${token}`] }
  expect(await admitted(guarded(latchkey, request))).toBe(true)
  await latchkey.delete(id)
  clock.now += TTL - 1
  expect(await admitted(guarded(latchkey, request))).toBe(true)
  clock.now += 1
  expect(await admitted(guarded(latchkey, request))).toBe(false)
})

test('an admission does not grow old by a clock that is set back', async () => {
  const { latchkey, clock, first } = await scene()
  clock.now -= 1
  expect(await admitted(guarded(latchkey, first))).toBe(false)
})

test('without a key, nothing is remembered', async () => {
  const { latchkey, good, bad } = await scene()
  const request = good()
  const guard = createGuard()
  expect(await admitted(guard(latchkey, request))).toBe(true)
  request.rawHeaders.splice(0, 2, ...bad().rawHeaders)
  expect(await admitted(guard(latchkey, request))).toBe(false)
})

test('no other request has its admission, whatever of it was copied, inherited or shared', async () => {
  const { latchkey, first } = await scene()
  const { key, rawHeaders } = first
  const keys = [key, {}, { ...key }, Object.create(key) as object, structuredClone(key), new Proxy(key, {})]
  const lists = [
    rawHeaders,
    [...rawHeaders],
    rawHeaders.slice(),
    structuredClone(rawHeaders),
    Object.create(rawHeaders) as string[],
    withPropertiesOf(rawHeaders),
    new Proxy(rawHeaders, {}),
  ]
  for (const other of keys) {
    for (const list of lists) {
      const same = other === key && list === rawHeaders
      expect(await admitted(guarded(latchkey, { ...first, key: other, rawHeaders: list }))).toBe(same)
    }
  }
})

test('the request and its headers look, print and compare as if nothing were remembered', async () => {
  const { latchkey, good } = await scene()
  const [untouched, request] = [good(), good()]
  expect(await admitted(guarded(latchkey, request))).toBe(true)
  for (const part of ['key', 'rawHeaders'] as const) {
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
  const request = { ...good(), rawHeaders: ['Authorization', `Bearer ${token}`] }
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
  const { latchkey, good } = await scene()
  const { token } = await latchkey.create({ name: 'y', owner: 'o', scopes: ['a'], networks: ['192.0.2.0/24'] })
  const asks = (text: string, instance = latchkey) => {
    let asked = 0
    const { key, rawHeaders } = { ...good(), rawHeaders: ['Authorization', `Bearer ${text}`] }
    const request = {
      key,
      rawHeaders,
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
  const request = { ...good(), rawHeaders: ['Authorization', `Bearer ${token}`] }
  const { rawHeaders } = request
  const admission = guarded(latchkey, request, { scopes })
  expect(admission).toBeInstanceOf(Promise)
  const changed = bad().rawHeaders
  Object.assign(request, { rawHeaders: changed, ip: '198.51.100.7' })
  scopes[0] = 'b'
  expect(await admitted(admission)).toBe(true)
  expect(await admitted(guarded(latchkey, request))).toBe(false)
  rawHeaders[1] = 'Bearer nonsense'
  const { key } = request
  expect(await admitted(guarded(latchkey, { key, rawHeaders, ip: '198.51.100.7' }))).toBe(false)
  expect(await admitted(guarded(latchkey, { key, rawHeaders, ip: '192.0.2.1' }, { scopes: ['b'] }))).toBe(false)
  expect(await admitted(guarded(latchkey, { key, rawHeaders, ip: '192.0.2.1' }, { scopes: ['a'] }))).toBe(true)
})

test.each([
  ['frozen', Object.freeze],
  ['sealed', Object.seal],
  ['not extensible', Object.preventExtensions],
  ['behind a proxy', (part: object) => new Proxy(part, {})],
])('a request that can hold nothing more is remembered too: %s', async (_what, close) => {
  const { latchkey, good, bad } = await scene()
  const { key, ip, rawHeaders } = good()
  const request = { key: close(key), ip, rawHeaders: close(rawHeaders) as string[] }
  expect(await admitted(guarded(latchkey, request))).toBe(true)
  expect(await admitted(guarded(latchkey, request))).toBe(true)
  expect(await admitted(guarded(latchkey, { ...request, rawHeaders: bad().rawHeaders }))).toBe(false)
})

test('a host may put another list in its place: the request is judged again', async () => {
  const { latchkey, good, bad, first } = await scene()
  expect(await admitted(guarded(latchkey, { ...first, rawHeaders: bad().rawHeaders }))).toBe(false)
  expect(await admitted(guarded(latchkey, { ...first, rawHeaders: good().rawHeaders }))).toBe(true)
})

test('nor has another instance, or a request that was refused', async () => {
  const { latchkey, token, bad, first } = await scene()
  const other = createLatchkey({ store: memoryStore() })
  expect(await admitted(guarded(other, first))).toBe(false)
  const refused = bad()
  expect(await admitted(guarded(latchkey, refused))).toBe(false)
  refused.rawHeaders[1] = `Bearer ${token}`
  expect(await admitted(guarded(latchkey, refused))).toBe(true)
})
