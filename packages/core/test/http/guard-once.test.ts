import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { type Admission, guardOnce } from '../../src/adapter.js'
import { createLatchkey, memoryStore } from '../../src/index.js'
import { testInstance } from '../support/instance.js'

async function scene() {
  const { latchkey } = testInstance()
  const { token } = await latchkey.create({ name: 'x', owner: 'o', scopes: ['a', 'b'] })
  const request = (text: string) => ({
    key: {},
    rawHeaders: ['Authorization', `Bearer ${text}`],
    ip: '192.0.2.1',
  })
  const [good, bad] = [() => request(token), () => request('nonsense')]
  const first = good()
  await guardOnce(latchkey, first, { scopes: ['a'] })
  // From now on the headers would be refused, were they judged again.
  first.rawHeaders[1] = 'Bearer nonsense'
  return { latchkey, token, good, bad, first }
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
  expect(await admitted(guardOnce(latchkey, first, { scopes: ['a'] }))).toBe(true)
  expect(await admitted(guardOnce(latchkey, first))).toBe(true)
  expect(latchkey.stats().verified).toBe(verified)
  expect(await admitted(guardOnce(latchkey, first, { scopes: ['b'] }))).toBe(false)
  first.rawHeaders[1] = `Bearer ${token}`
  expect(await admitted(guardOnce(latchkey, first, { scopes: ['a', 'b'] }))).toBe(true)
  first.rawHeaders[1] = 'Bearer nonsense'
  expect(await admitted(guardOnce(latchkey, first, { scopes: ['b'] }))).toBe(true)
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
      expect(await admitted(guardOnce(latchkey, { ...first, key: other, rawHeaders: list }))).toBe(same)
    }
  }
})

test('the list of headers looks, prints and compares as if there were nothing', async () => {
  const { latchkey, good } = await scene()
  const [untouched, request] = [good(), good()]
  expect(await admitted(guardOnce(latchkey, request))).toBe(true)
  expect(Reflect.ownKeys(request.rawHeaders)).toEqual(Reflect.ownKeys(untouched.rawHeaders))
  expect(request.rawHeaders).toStrictEqual(untouched.rawHeaders)
  const printed = (list: object) => inspect(list, { depth: Infinity, showHidden: true })
  expect(printed(request.rawHeaders)).toBe(printed(untouched.rawHeaders))
  expect(JSON.stringify(request)).toBe(JSON.stringify(untouched))
})

test('another address is judged again if the token is not good from everywhere: another app may trust fewer proxies', async () => {
  const { latchkey, good, first } = await scene()
  const away = { ip: '198.51.100.7' }
  expect(await admitted(guardOnce(latchkey, { ...first, ...away }))).toBe(true)
  const { token } = await latchkey.create({
    name: 'y',
    owner: 'o',
    scopes: ['a'],
    networks: ['192.0.2.0/24', '198.51.100.0/24'],
  })
  const request = { ...good(), rawHeaders: ['Authorization', `Bearer ${token}`] }
  expect(await admitted(guardOnce(latchkey, request))).toBe(true)
  expect(await admitted(guardOnce(latchkey, { ...request, ip: '203.0.113.1' }))).toBe(false)
  const { verified } = latchkey.stats()
  expect(await admitted(guardOnce(latchkey, request))).toBe(true)
  expect(latchkey.stats().verified).toBe(verified)
  expect(await admitted(guardOnce(latchkey, { ...request, ...away }))).toBe(true)
  expect(latchkey.stats().verified).toBe(verified + 1)
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
    const admission = guardOnce(instance, request)
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

test('scopes that a caller adds to its list later are not covered', async () => {
  const { latchkey, good } = await scene()
  const request = good()
  const scopes = ['a']
  expect(await admitted(guardOnce(latchkey, request, { scopes }))).toBe(true)
  scopes.push('admin')
  expect(await admitted(guardOnce(latchkey, request, { scopes: ['admin'] }))).toBe(false)
})

test('what changes while the token is judged is not taken for what was judged', async () => {
  const { latchkey, good, bad } = await scene()
  const { token } = await latchkey.create({ name: 'y', owner: 'o', scopes: ['a'], networks: ['192.0.2.0/24'] })
  const scopes = ['a']
  const request = { ...good(), rawHeaders: ['Authorization', `Bearer ${token}`] }
  const { rawHeaders } = request
  const admission = guardOnce(latchkey, request, { scopes })
  expect(admission).toBeInstanceOf(Promise)
  const changed = bad().rawHeaders
  Object.assign(request, { rawHeaders: changed, ip: '198.51.100.7' })
  scopes[0] = 'b'
  expect(await admitted(admission)).toBe(true)
  expect(await admitted(guardOnce(latchkey, request))).toBe(false)
  rawHeaders[1] = 'Bearer nonsense'
  const { key } = request
  expect(await admitted(guardOnce(latchkey, { key, rawHeaders, ip: '198.51.100.7' }))).toBe(false)
  expect(await admitted(guardOnce(latchkey, { key, rawHeaders, ip: '192.0.2.1' }, { scopes: ['b'] }))).toBe(false)
  expect(await admitted(guardOnce(latchkey, { key, rawHeaders, ip: '192.0.2.1' }, { scopes: ['a'] }))).toBe(true)
})

test.each([
  ['frozen', Object.freeze],
  ['sealed', Object.seal],
  ['not extensible', Object.preventExtensions],
  ['behind a proxy', (list: object) => new Proxy(list, {})],
])('a list that can keep nothing is no error: %s', async (_what, close) => {
  const { latchkey, good, bad } = await scene()
  const { key, ip, rawHeaders } = good()
  const request = { key, ip, rawHeaders: close(rawHeaders) as string[] }
  expect(await admitted(guardOnce(latchkey, request))).toBe(true)
  expect(await admitted(guardOnce(latchkey, request))).toBe(true)
  expect(await admitted(guardOnce(latchkey, { ...request, rawHeaders: bad().rawHeaders }))).toBe(false)
})

test('a host may put another list in its place: the request is judged again', async () => {
  const { latchkey, good, bad, first } = await scene()
  expect(await admitted(guardOnce(latchkey, { ...first, rawHeaders: bad().rawHeaders }))).toBe(false)
  expect(await admitted(guardOnce(latchkey, { ...first, rawHeaders: good().rawHeaders }))).toBe(true)
})

test('nor has another instance, or a request that was refused', async () => {
  const { latchkey, token, bad, first } = await scene()
  const other = createLatchkey({ store: memoryStore() })
  expect(await admitted(guardOnce(other, first))).toBe(false)
  const refused = bad()
  expect(await admitted(guardOnce(latchkey, refused))).toBe(false)
  refused.rawHeaders[1] = `Bearer ${token}`
  expect(await admitted(guardOnce(latchkey, refused))).toBe(true)
})
