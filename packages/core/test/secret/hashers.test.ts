import { createHmac, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { argon2id, type HmacSha256Options, hmacSha256 } from '../../src/index.js'

const cheap = argon2id({ memory: 8, passes: 1 })
const SECRET = 'S'.repeat(64)
const SALT = 'c2FsdHNhbHRzYWx0c2FsdA'
const HASH = 'Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXU'

describe('argon2id', () => {
  describe('hash', () => {
    test("has OWASP's minimum as default", async () => {
      const hasher = argon2id()
      const phc = await hasher.hash(SECRET)
      expect(phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
      expect(hasher.isCurrent(phc)).toBe(true)
      expect(await hasher.verify(SECRET, phc)).toBe(true)
      expect(await hasher.verify(`${SECRET.slice(0, -1)}T`, phc)).toBe(false)
    })

    test('is salted: two hashes of one secret differ', async () => {
      expect(await cheap.hash(SECRET)).not.toBe(await cheap.hash(SECRET))
    })

    test('is as the parameters say, and current for them alone', async () => {
      const phc = await argon2id({ memory: 64, passes: 3, parallelism: 2 }).hash(SECRET)
      expect(phc).toMatch(/^\$argon2id\$v=19\$m=64,t=3,p=2\$/)
      expect(argon2id({ memory: 64, passes: 3, parallelism: 2 }).isCurrent(phc)).toBe(true)
      expect(cheap.isCurrent(phc)).toBe(false)
      expect(cheap.recognizes(phc)).toBe(true)
      expect(await cheap.verify(SECRET, phc)).toBe(true)
    })
  })

  describe('stored hashes', () => {
    test.each([
      ['m=2097152,t=2,p=1', '2 GiB'],
      ['m=65537,t=1,p=1', 'a KiB above the cap'],
      ['m=8,t=11,p=1', 'a pass above the cap'],
      ['m=64,t=1,p=5', 'a lane above the cap'],
      ['m=4294967295,t=1,p=1', 'the most that 32 bits hold'],
      ['m=99999999999999999999,t=1,p=1', 'more digits than any'],
      ['m=8,t=4294967295,p=1', 'passes without end'],
    ])('with %s (%s) are refused without being computed', async (parameters) => {
      const started = performance.now()
      expect(await cheap.verify(SECRET, `$argon2id$v=19$${parameters}$${SALT}$${HASH}`)).toBe(false)
      // 2 GiB took seconds; a refusal takes microseconds.
      expect(performance.now() - started).toBeLessThan(100)
    })

    test.each([
      '',
      '$',
      'argon2id',
      '$argon2id$',
      '$argon2id$v=19$m=8,t=1,p=1$$',
      `$argon2id$v=16$m=8,t=1,p=1$${SALT}$${HASH}`,
      `$argon2id$m=8,t=1,p=1$${SALT}$${HASH}`,
      `$argon2i$v=19$m=8,t=1,p=1$${SALT}$${HASH}`,
      `$argon2d$v=19$m=8,t=1,p=1$${SALT}$${HASH}`,
      `$argon2id$v=19$t=1,m=8,p=1$${SALT}$${HASH}`,
      `$argon2id$v=19$m=0,t=0,p=0$${SALT}$${HASH}`,
      `$argon2id$v=19$m=1,t=1,p=4$${SALT}$${HASH}`,
      `$argon2id$v=19$m=-8,t=1,p=1$${SALT}$${HASH}`,
      `$argon2id$v=19$m=8e1,t=1,p=1$${SALT}$${HASH}`,
      `$argon2id$v=19$m=8,t=1,p=1,data=AAAA$${SALT}$${HASH}`,
      `$argon2id$v=19$m=8,t=1,p=1$${SALT}$${HASH}\n`,
      `$argon2id$v=19$m=8,t=1,p=1$${SALT}$${'A'.repeat(100_000)}`,
      `$argon2id$v=19$m=8,t=1,p=1$${SALT}!$${HASH}`,
      '$hmac-sha256$k=k$AAAA',
    ])('of the form %j are refused, not thrown at', async (phc) => {
      expect(await cheap.verify(SECRET, phc)).toBe(false)
    })

    test('with any character changed do not prove the secret', async () => {
      const phc = await cheap.hash(SECRET)
      for (let at = 0; at < phc.length - 1; at++) {
        const other = phc[at] === 'A' ? 'B' : 'A'
        expect(await cheap.verify(SECRET, phc.slice(0, at) + other + phc.slice(at + 1))).toBe(false)
      }
    })
  })

  test.each([
    { memory: 7 },
    { memory: 65_537 },
    { memory: 8, parallelism: 2 },
    { memory: Number.NaN },
    { memory: 19_456.5 },
    { memory: Number.POSITIVE_INFINITY },
    { memory: '19456' as unknown as number },
    { passes: 0 },
    { passes: 11 },
    { parallelism: 0 },
    { parallelism: 5 },
  ])('options %j are refused by name', (options) => {
    const name = 'memory' in options ? 'memory' : Object.keys(options)[0]
    expect(() => argon2id(options)).toThrow(TypeError)
    expect(() => argon2id(options)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(`argon2id ${name}`) }),
    )
  })
})

describe('hmacSha256', () => {
  const OLD = randomBytes(32)
  const NEW = randomBytes(32)

  describe('hash', () => {
    test('names its key and holds the HMAC of the secret', async () => {
      const hasher = hmacSha256({ keys: { 'k-1': OLD }, current: 'k-1' })
      const phc = await hasher.hash(SECRET)
      const mac = createHmac('sha256', OLD).update(SECRET).digest('base64').replace('=', '')
      expect(phc).toBe(`$hmac-sha256$k=k-1$${mac}`)
      expect(phc.length).toBeLessThanOrEqual(256)
      expect(await hasher.verify(SECRET, phc)).toBe(true)
      expect(await hasher.verify(`${SECRET}S`, phc)).toBe(false)
    })

    test('takes keys as bytes or as base64, both alphabets, padded or not', async () => {
      const phc = await hmacSha256({ keys: { k: OLD }, current: 'k' }).hash(SECRET)
      const base64 = OLD.toString('base64')
      for (const key of [new Uint8Array(OLD), base64, base64.replace(/=+$/, ''), OLD.toString('base64url')]) {
        expect(await hmacSha256({ keys: { k: key }, current: 'k' }).verify(SECRET, phc)).toBe(true)
      }
    })

    test('keeps its own copy of the keys', async () => {
      const key = Buffer.from(OLD)
      const hasher = hmacSha256({ keys: { k: key }, current: 'k' })
      const phc = await hasher.hash(SECRET)
      key.fill(0)
      expect(await hasher.verify(SECRET, phc)).toBe(true)
      expect(await hasher.hash(SECRET)).toBe(phc)
    })
  })

  describe('a rotation of keys', () => {
    test('still proves hashes under the old key, and calls them not current', async () => {
      const before = hmacSha256({ keys: { old: OLD }, current: 'old' })
      const after = hmacSha256({ keys: { old: OLD, new: NEW }, current: 'new' })
      const phc = await before.hash(SECRET)
      expect(after.recognizes(phc)).toBe(true)
      expect(await after.verify(SECRET, phc)).toBe(true)
      expect(after.isCurrent(phc)).toBe(false)
      expect(after.isCurrent(await after.hash(SECRET))).toBe(true)
    })

    test('a key that is gone proves nothing, and its hashes are left to other hashers', async () => {
      const phc = await hmacSha256({ keys: { old: OLD }, current: 'old' }).hash(SECRET)
      const without = hmacSha256({ keys: { new: NEW }, current: 'new' })
      expect(await without.verify(SECRET, phc)).toBe(false)
      expect(without.recognizes(phc)).toBe(false)
    })

    test('the same name with another key proves nothing', async () => {
      const phc = await hmacSha256({ keys: { k: OLD }, current: 'k' }).hash(SECRET)
      expect(await hmacSha256({ keys: { k: NEW }, current: 'k' }).verify(SECRET, phc)).toBe(false)
    })
  })

  test.each([
    '',
    '$',
    '$hmac-sha256$',
    '$hmac-sha256$k=k$',
    '$hmac-sha256$k=k$AAAA',
    `$hmac-sha256$k=$${'A'.repeat(43)}`,
    `$hmac-sha256$k=k$${'A'.repeat(44)}`,
    `$hmac-sha256$k=__proto__$${'A'.repeat(43)}`,
    `$hmac-sha256$k=k$${'A'.repeat(100_000)}`,
    '$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA',
  ])('a stored %j is refused, not thrown at', async (phc) => {
    expect(await hmacSha256({ keys: { k: OLD }, current: 'k' }).verify(SECRET, phc)).toBe(false)
  })

  describe('options', () => {
    const wrong: [string, unknown, string][] = [
      ['nothing', undefined, 'hmacSha256'],
      ['no keys', { current: 'k' }, 'keys'],
      ['keys that are null', { keys: null, current: 'k' }, 'keys'],
      ['empty keys', { keys: {}, current: 'k' }, 'current'],
      ['no current', { keys: { k: OLD } }, 'current'],
      ['a current that is not there', { keys: { k: OLD }, current: 'l' }, 'current'],
      ['an inherited current', { keys: { k: OLD }, current: 'toString' }, 'current'],
      ['31 bytes', { keys: { k: OLD.subarray(1) }, current: 'k' }, 'keys.k'],
      ['31 bytes of base64', { keys: { k: OLD.subarray(1).toString('base64') }, current: 'k' }, 'keys.k'],
      ['a passphrase', { keys: { k: 'correct horse battery staple! '.repeat(3) }, current: 'k' }, 'keys.k'],
      ['a number', { keys: { k: 64 }, current: 'k' }, 'keys.k'],
      ['a missing key', { keys: { k: undefined }, current: 'k' }, 'keys.k'],
      ['a list', { keys: { k: [...OLD] }, current: 'k' }, 'keys.k'],
      ['a bad name', { keys: { k$: OLD }, current: 'k$' }, 'keys'],
      ['a long name', { keys: { ['k'.repeat(33)]: OLD }, current: 'k'.repeat(33) }, 'keys'],
      ['no name', { keys: { '': OLD }, current: '' }, 'keys'],
    ]

    test.each(wrong)('with %s are refused by name', (_, options, place) => {
      const make = () => hmacSha256(options as HmacSha256Options)
      expect(make).toThrow(TypeError)
      expect(make).toThrow(expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(place) }))
    })

    test('no message holds a key', () => {
      const key = 'correct-horse-battery-staple'
      expect(() => hmacSha256({ keys: { k: key }, current: 'k' })).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining(key) }),
      )
    })
  })
})
