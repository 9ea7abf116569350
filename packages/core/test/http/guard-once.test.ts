import { expect, test } from 'vitest'
import { type Admission, createLatchkey, guardOnce, hmacSha256, memoryStore } from '../../src/index.js'

async function scene() {
  const hasher = hmacSha256({ keys: { k: Buffer.alloc(32, 7) }, current: 'k' })
  const latchkey = createLatchkey({ store: memoryStore(), hasher })
  const { token } = await latchkey.create({ name: 'x', owner: 'o', scopes: ['a', 'b'] })
  const good = { rawHeaders: ['Authorization', `Bearer ${token}`], ip: '192.0.2.1' }
  const bad = { rawHeaders: ['Authorization', 'Bearer nonsense'], ip: '192.0.2.1' }
  const first = {}
  await guardOnce(first, latchkey, good, { scopes: ['a'] })
  return { latchkey, good, bad, first }
}

const admitted = async (admission: Admission | Promise<Admission>) => (await admission).ok

test('a later guard of the request gets the admission, if it asks for nothing more', async () => {
  const { latchkey, good, bad, first } = await scene()
  const { verified } = latchkey.stats()
  expect(await admitted(guardOnce(first, latchkey, bad, { scopes: ['a'] }))).toBe(true)
  expect(await admitted(guardOnce(first, latchkey, bad))).toBe(true)
  expect(latchkey.stats().verified).toBe(verified)
  expect(await admitted(guardOnce(first, latchkey, bad, { scopes: ['b'] }))).toBe(false)
  expect(await admitted(guardOnce(first, latchkey, good, { scopes: ['a', 'b'] }))).toBe(true)
  expect(await admitted(guardOnce(first, latchkey, bad, { scopes: ['b'] }))).toBe(true)
})

test('neither a copy of the request nor an object that inherits from it has its admission', async () => {
  const { latchkey, bad, first } = await scene()
  const others = [
    { ...first },
    Object.assign({}, first),
    Object.create(first),
    structuredClone(first),
    new Proxy(first, {}),
  ]
  for (const other of others) expect(await admitted(guardOnce(other, latchkey, bad))).toBe(false)
})

test('nor has another instance, or a request that was refused', async () => {
  const { latchkey, good, bad, first } = await scene()
  const other = createLatchkey({ store: memoryStore() })
  expect(await admitted(guardOnce(first, other, good))).toBe(false)
  const refused = {}
  expect(await admitted(guardOnce(refused, latchkey, bad))).toBe(false)
  expect(await admitted(guardOnce(refused, latchkey, good))).toBe(true)
})
