import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { type Admission, createLatchkey, guardOnce, hmacSha256, memoryStore } from '../../src/index.js'

async function scene() {
  const hasher = hmacSha256({ keys: { k: Buffer.alloc(32, 7) }, current: 'k' })
  const latchkey = createLatchkey({ store: memoryStore(), hasher })
  const { token } = await latchkey.create({ name: 'x', owner: 'o', scopes: ['a', 'b'] })
  const credential = (text: string) => ({ rawHeaders: ['Authorization', `Bearer ${text}`], ip: '192.0.2.1' })
  const [good, bad] = [credential(token), credential('nonsense')]
  const first = { key: {}, bag: {} }
  await guardOnce(latchkey, { ...good, ...first }, { scopes: ['a'] })
  return { latchkey, good, bad, first }
}

/** As a host's deep clone might do it. */
function withSymbolsOf(bag: object): object {
  return Object.create(null, Object.getOwnPropertyDescriptors(bag)) as object
}

const admitted = async (admission: Admission | Promise<Admission>) => (await admission).ok

test('a later guard of the request gets the admission, if it asks for nothing more', async () => {
  const { latchkey, good, bad, first } = await scene()
  const { verified } = latchkey.stats()
  const later = { ...bad, ...first }
  expect(await admitted(guardOnce(latchkey, later, { scopes: ['a'] }))).toBe(true)
  expect(await admitted(guardOnce(latchkey, later))).toBe(true)
  expect(latchkey.stats().verified).toBe(verified)
  expect(await admitted(guardOnce(latchkey, later, { scopes: ['b'] }))).toBe(false)
  expect(await admitted(guardOnce(latchkey, { ...good, ...first }, { scopes: ['a', 'b'] }))).toBe(true)
  expect(await admitted(guardOnce(latchkey, later, { scopes: ['b'] }))).toBe(true)
})

test('no other request has its admission, whatever of it was copied, inherited or shared', async () => {
  const { latchkey, bad, first } = await scene()
  const { key, bag } = first
  const keys = [{}, { ...key }, Object.create(key) as object, structuredClone(key), new Proxy(key, {})]
  const bags = [bag, Object.create(bag) as object, new Proxy(bag, {}), withSymbolsOf(bag)]
  for (const other of keys) {
    for (const copy of bags) expect(await admitted(guardOnce(latchkey, { ...bad, key: other, bag: copy }))).toBe(false)
  }
})

test('a copy of the bag has nothing of it, and compares as if there were nothing', async () => {
  const { latchkey, bad, first } = await scene()
  expect(Reflect.ownKeys({ ...first.bag })).toEqual([])
  expect(first.bag).toEqual({})
  expect(await admitted(guardOnce(latchkey, { ...bad, key: first.key, bag: { ...first.bag } }))).toBe(false)
})

test('another address is judged again, as it may be in an app that trusts fewer proxies', async () => {
  const { latchkey, good, bad, first } = await scene()
  expect(await admitted(guardOnce(latchkey, { ...bad, ...first, ip: '198.51.100.7' }))).toBe(false)
  expect(await admitted(guardOnce(latchkey, { ...good, ...first, ip: '198.51.100.7' }))).toBe(true)
})

test('scopes that a caller adds to its list later are not covered', async () => {
  const { latchkey, good } = await scene()
  const request = { ...good, key: {}, bag: {} }
  const scopes = ['a']
  expect(await admitted(guardOnce(latchkey, request, { scopes }))).toBe(true)
  scopes.push('admin')
  expect(await admitted(guardOnce(latchkey, request, { scopes: ['admin'] }))).toBe(false)
})

test.each([
  ['frozen', Object.freeze({})],
  ['sealed', Object.seal({})],
  ['null', null],
  ['undefined', undefined],
  ['a string', 'state'],
])('a bag that takes no member is no error: %s', async (_what, bag) => {
  const { latchkey, good, bad } = await scene()
  const key = {}
  expect(await admitted(guardOnce(latchkey, { ...good, key, bag }))).toBe(true)
  expect(await admitted(guardOnce(latchkey, { ...bad, key, bag }))).toBe(false)
})

test('a memory that a host has cloned or wrapped is none', async () => {
  const { latchkey, good, bad, first } = await scene()
  const [symbol] = Object.getOwnPropertySymbols(first.bag)
  const memory: unknown = Reflect.get(first.bag, symbol ?? '')
  for (const fake of [
    structuredClone(memory),
    new Proxy(memory as object, {}),
    { ...(memory as object) },
    'text',
    null,
  ]) {
    const bag = { [symbol ?? '']: fake }
    expect(await admitted(guardOnce(latchkey, { ...bad, key: first.key, bag }))).toBe(false)
    expect(await admitted(guardOnce(latchkey, { ...good, key: first.key, bag }))).toBe(true)
  }
})

test('what a client could have put into the bag admits nobody', async () => {
  const { latchkey, bad } = await scene()
  const key = {}
  const bag = JSON.parse(
    '{"latchkey":{"admission":{"ok":true}},"Symbol(latchkey)":{"admission":{"ok":true}}}',
  ) as object
  expect(await admitted(guardOnce(latchkey, { ...bad, key, bag }))).toBe(false)
})

test('a host may throw the bag away: the request is judged again', async () => {
  const { latchkey, good, bad, first } = await scene()
  expect(await admitted(guardOnce(latchkey, { ...bad, key: first.key, bag: {} }))).toBe(false)
  expect(await admitted(guardOnce(latchkey, { ...good, key: first.key, bag: {} }))).toBe(true)
})

test('a bag that is printed tells nothing of the request', async () => {
  const { latchkey, good } = await scene()
  const request = { ...good, key: { headers: good.rawHeaders }, bag: {} }
  expect(await admitted(guardOnce(latchkey, request))).toBe(true)
  const printed = inspect(request.bag, { depth: Infinity, showHidden: true })
  expect(printed).toContain('latchkey')
  expect(printed).not.toContain('Bearer')
})

test('nor has another instance, or a request that was refused', async () => {
  const { latchkey, good, bad, first } = await scene()
  const other = createLatchkey({ store: memoryStore() })
  expect(await admitted(guardOnce(other, { ...good, ...first }))).toBe(false)
  const refused = { key: {}, bag: {} }
  expect(await admitted(guardOnce(latchkey, { ...bad, ...refused }))).toBe(false)
  expect(await admitted(guardOnce(latchkey, { ...good, ...refused }))).toBe(true)
})
