import { createHash, randomBytes } from 'node:crypto'
import { hash as argon2 } from '@node-rs/argon2'
import { hash as bcrypt } from '@node-rs/bcrypt'
import { describe, expect, test } from 'vitest'
import { argon2id, type ForeignFormat, type ImportRow, memoryData } from '../../src/index.js'
import { foreignId } from '../../src/token/foreign.js'
import { countingHasher, testHasher } from '../support/hasher.js'
import { forged, MINUTE, NOW, type TestInstanceOptions, testInstance, twoInstances } from '../support/instance.js'
import { outcome, published } from '../support/outcome.js'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const secretOf = (text: string) => text.slice(text.lastIndexOf('_') + 1)
const idOf = (text: string) => text.split('_')[1] ?? ''

/** Keys of 64 letters, as better-auth makes them. */
const PLAIN: ForeignFormat = { name: 'plain', match: /^[a-f0-9]{40}$/ }
/** Their digest is that of a part. */
const PART: ForeignFormat = { name: 'part', match: /^part_[a-z0-9]+$/, digest: (text) => sha256(secretOf(text)) }
/** Found by an id of their own. */
const NAMED: ForeignFormat = { name: 'named', match: /^key_[a-z0-9]+_[a-z0-9]+$/, id: idOf, secret: secretOf }
const FOREIGN = [PLAIN, PART, NAMED]

const plainKey = () => randomBytes(20).toString('hex')
const row = (members: Partial<ImportRow>): ImportRow => ({ name: 'n', owner: 'o', scopes: ['a'], ...members })

function host(options: TestInstanceOptions = {}) {
  return testInstance({ foreign: FOREIGN, ...options })
}

describe('a foreign key that was imported', () => {
  test('is let in, judged and told of as any token', async () => {
    const { latchkey, clock } = host()
    const key = plainKey()
    await latchkey.importTokens([
      row({ format: 'plain', sha256: sha256(key), expiresAt: NOW + MINUTE, networks: ['10.0.0.0/8'] }),
    ])
    const [message] = await published('verified', async () => {
      expect(outcome(await latchkey.verify(key, { ip: '10.1.1.1', scopes: ['a'] }))).toBe('ok')
    })
    expect(message).toMatchObject({ format: 'plain', ip: '10.1.1.1', id: expect.stringMatching(/^lk\.[A-Z2-7]{24}$/) })
    const [cached] = await published('verified', () => latchkey.verifyCached(key, { ip: '10.1.1.1' }))
    expect(cached).toMatchObject({ format: 'plain' })
    expect(latchkey.stats()).toMatchObject({ cacheHits: 1, foreign: { plain: 1 }, hashes: { sha256: 1 } })
    expect(outcome(latchkey.verifyCached(key, { ip: '192.0.2.1' }))).toBe('network')
    expect(outcome(latchkey.verifyCached(key, { ip: '10.1.1.1', scopes: ['b'] }))).toBe('scope')
    expect(outcome(latchkey.verifyCached(`${key.slice(1)}0`))).toBeUndefined()
    expect(outcome(await latchkey.verify(`${key.slice(1)}0`))).toBe('unknown')
    clock.now += MINUTE
    expect(outcome(await latchkey.verify(key, { ip: '10.1.1.1' }))).toBe('expired')
  })

  test('is found by the digest of a part, or by its id, in hex, base64 and base64url', async () => {
    const { latchkey } = host()
    const keys = ['part_abc1', 'part_abc2', 'key_1_abc', 'key_2_abc']
    const digest = (text: string, encoding: 'base64' | 'base64url') =>
      createHash('sha256').update(text).digest(encoding)
    const { imported, rejected } = await latchkey.importTokens([
      row({ format: 'part', sha256: digest('abc1', 'base64') }),
      row({ format: 'part', sha256: digest('abc2', 'base64url') }),
      row({ format: 'named', id: '1', sha256: sha256('key_1_abc') }),
      row({ key: 'key_2_abc' }),
    ])
    expect([imported, rejected]).toEqual([4, []])
    for (const key of keys) expect(outcome(await latchkey.verify(key))).toBe('ok')
    expect(outcome(await latchkey.verify('key_1_abd'))).toBe('wrong_secret')
    expect(outcome(await latchkey.verify('part_abc3'))).toBe('unknown')
  })

  test('keeps nothing of the key but its SHA-256, and has another id in another environment', async () => {
    const data = memoryData()
    const [one, two] = [host({ data, environment: 'one' }), host({ data, environment: 'two' })]
    const key = plainKey()
    for (const { latchkey } of [one, two]) await latchkey.importTokens([row({ key })])
    const [[a], [b]] = [await one.records(), await two.records()]
    expect(JSON.stringify([a, b])).not.toContain(key)
    expect(a?.secrets).toMatchObject([{ format: 'plain', tag: sha256(key).slice(0, 8) }])
    expect(a?.id).not.toBe(b?.id)
    const { sealingKey } = await two.store.open('two')
    expect(b?.id).toBe(foreignId('lk', sealingKey, createHash('sha256').update(key).digest()))
  })

  test('is refused at once where it is revoked, and on another node with its channel', async () => {
    const [a, b] = twoInstances({ foreign: FOREIGN })
    const key = plainKey()
    await a.latchkey.importTokens([row({ key })])
    for (const { latchkey } of [a, b]) expect(outcome(await latchkey.verify(key))).toBe('ok')
    expect(await a.latchkey.revoke(key)).toBe(true)
    expect(outcome(await a.latchkey.verify(key))).toBe('unknown')
    expect(outcome(await b.latchkey.verify(key))).toBe('unknown')
  })

  test('is refused on a deaf node when cache.ttl has passed', async () => {
    const [a, b] = twoInstances({ foreign: FOREIGN, cache: { ttl: 1_000 } })
    const key = plainKey()
    await a.latchkey.importTokens([row({ key })])
    await b.latchkey.verify(key)
    b.store.deaf = true
    await a.latchkey.revoke(key)
    expect(outcome(await b.latchkey.verify(key))).toBe('ok')
    b.clock.now += 1_000
    expect(outcome(await b.latchkey.verify(key))).toBe('unknown')
  })

  test('is rotated into a token of ours, with an overlap and without, and back', async () => {
    const { latchkey } = host()
    const key = plainKey()
    await latchkey.importTokens([row({ key })])
    const { id, format } = await latchkey.lookup(key)
    expect(format).toBe('plain')
    const first = await latchkey.rotate(id, { previousExpiresAt: 'now+1h' })
    expect(first.token.startsWith(`${id}.`)).toBe(true)
    expect(first.apiToken.format).toBeUndefined()
    for (const text of [key, first.token]) expect(outcome(await latchkey.verify(text))).toBe('ok')
    expect(outcome(await latchkey.verify(forged(first.token)))).toBe('wrong_secret')
    expect((await latchkey.cancelRotation(id)).format).toBe('plain')
    expect(outcome(await latchkey.verify(key))).toBe('ok')
    const second = await latchkey.rotate(id)
    expect(outcome(await latchkey.verify(second.token))).toBe('ok')
    const [reuse] = await published('reuse', async () => {
      expect(outcome(await latchkey.verify(key))).toBe('wrong_secret')
    })
    expect(reuse).toMatchObject({ id })
    expect(latchkey.stats().foreign).toEqual({})
  })

  test('is explained, looked up and deleted by its text, but does not delete itself by it', async () => {
    const { latchkey } = host()
    const key = 'key_7_abc'
    await latchkey.importTokens([row({ key })])
    const { allowed, checks } = await latchkey.explain({ token: key })
    expect([allowed, checks[0]?.detail]).toEqual([true, expect.stringContaining('of the format named')])
    const wrong = await latchkey.explain({ token: 'key_7_abd' })
    expect(wrong.checks.find(({ check }) => check === 'secret')).toMatchObject({ passed: false })
    expect((await latchkey.explain({ token: 'key_8_abc' })).checks.at(-1)).toMatchObject({
      check: 'known',
      passed: false,
    })
    await latchkey.delete(key)
    await expect(latchkey.lookup(key)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
  })

  test('stays when the prefix changes, and when the format is renamed', async () => {
    const data = memoryData()
    const key = plainKey()
    await host({ data, prefix: 'old' }).latchkey.importTokens([row({ key })])
    const renamed = [{ ...PLAIN, name: 'renamed' }]
    const { latchkey } = testInstance({ data, prefix: 'new', acceptPrefixes: ['old'], foreign: renamed })
    expect(outcome(await latchkey.verify(key))).toBe('ok')
    expect((await latchkey.explain({ token: key })).allowed).toBe(true)
    expect(await latchkey.importTokens([row({ key })])).toMatchObject({ imported: 0, skipped: 1 })
    const deaf = testInstance({ data, prefix: 'new', foreign: FOREIGN }).latchkey
    expect(outcome(await deaf.verify(key))).toBe('unknown')
    expect(await deaf.importTokens([row({ key })])).toMatchObject({ rejected: [{ row: 0 }] })
  })
})

describe('a foreign key with a slow hash', () => {
  const KEY = 'key_k1_s3cret'
  const bcryptOf = (text: string) => bcrypt(text, 4)

  async function slowHost(hash: string, options: TestInstanceOptions = {}) {
    const instance = host(options)
    const result = await instance.latchkey.importTokens([row({ format: 'named', id: 'k1', hash })])
    expect(result).toMatchObject({ imported: 1, rejected: [] })
    return instance
  }

  const hashes: [string, () => Promise<string>][] = [
    ['$2b$', () => bcryptOf('s3cret')],
    ['$2y$', async () => (await bcryptOf('s3cret')).replace('$2b$', '$2y$')],
    ['$2a$', async () => (await bcryptOf('s3cret')).replace('$2b$', '$2a$')],
    ['$argon2i$', () => argon2('s3cret', { algorithm: 1, memoryCost: 8, timeCost: 1 })],
    ['$argon2id$', () => argon2('s3cret', { algorithm: 2, memoryCost: 8, timeCost: 1 })],
  ]

  test.each(hashes)('%s is proven once, and then has a hash of ours and a tag', async (kind, make) => {
    const hash = await make()
    expect(hash.startsWith(kind)).toBe(true)
    const { latchkey, hasher, records } = await slowHost(hash, { hasher: countingHasher(testHasher, true) })
    expect(outcome(await latchkey.verify(KEY))).toBe('ok')
    expect(latchkey.stats().proofs.done).toBe(1)
    await latchkey.flush()
    const [stored] = await records()
    expect(hasher.isCurrent(stored?.secrets[0]?.hash ?? '')).toBe(true)
    expect(stored?.secrets[0]).toMatchObject({ tag: sha256(KEY).slice(0, 8), format: 'named' })
    expect(outcome(await latchkey.verify(KEY))).toBe('ok')
    expect(outcome(await latchkey.verify('key_k1_wrong'))).toBe('wrong_secret')
    expect([latchkey.stats().proofs.done, hasher.verifies]).toEqual([1, 0])
  })

  test('gets its tag also where its hash is one of the present hasher', async () => {
    const cheap = argon2id({ memory: 8, passes: 1 })
    const hash = await cheap.hash('s3cret')
    const { latchkey, records } = await slowHost(hash, { hasher: countingHasher(cheap) })
    await latchkey.verify(KEY)
    await latchkey.flush()
    expect((await records())[0]?.secrets).toMatchObject([{ hash, tag: sha256(KEY).slice(0, 8) }])
  })

  test('before its first use costs a stranger one hash at a time, and a repeated guess none', async () => {
    const { latchkey } = await slowHost(await bcrypt('s3cret', 10))
    const own = await latchkey.create({ name: 'n', owner: 'o', scopes: ['a'] })
    const guesses = Array.from({ length: 50 }, (_, i) => latchkey.verify(`key_k1_guess${i}`).catch((error) => error))
    expect(outcome(await latchkey.verify(own.token))).toBe('ok')
    const answers = (await Promise.all(guesses)).map((answer) => answer.code ?? outcome(answer))
    expect(answers.filter((answer) => answer === 'wrong_secret')).toHaveLength(2)
    expect(answers.filter((answer) => answer === 'ERR_OVERLOADED')).toHaveLength(48)
    const { done } = latchkey.stats().proofs
    expect(outcome(await latchkey.verify('key_k1_guess0'))).toBe('wrong_secret')
    expect(latchkey.stats().proofs.done).toBe(done)
    expect(outcome(await latchkey.verify(KEY))).toBe('ok')
  })

  test('is guessed at one at a time, whichever keys are guessed', async () => {
    const { latchkey } = await slowHost(await bcrypt('s3cret', 10))
    const hash = await bcryptOf('s3cret')
    await latchkey.importTokens([row({ format: 'named', id: 'k2', hash })])
    const guesses = ['key_k1_guess', 'key_k2_guess'].map((guess) => latchkey.verify(guess))
    while (latchkey.stats().proofs.waiting === 0) await new Promise(setImmediate)
    expect(latchkey.stats().proofs).toMatchObject({ running: 1, waiting: 1 })
    expect((await Promise.all(guesses)).map(outcome)).toEqual(['wrong_secret', 'wrong_secret'])
  })

  test('leaves no tag behind when it is rotated before its first use', async () => {
    const { latchkey, records } = await slowHost(await bcryptOf('s3cret'))
    const [{ id = '' } = {}] = await records()
    await latchkey.rotate(id)
    expect((await records())[0]?.retired).toEqual([])
    expect(outcome(await latchkey.verify(KEY))).toBe('wrong_secret')
  })

  test('is not right for a secret that bcrypt would cut, nor computed beyond its limits', async () => {
    const long = 'a'.repeat(73)
    const { latchkey } = host()
    const hash = await bcrypt(long.slice(0, 72), 4)
    await latchkey.importTokens([row({ format: 'named', id: 'long', hash })])
    expect(outcome(await latchkey.verify(`key_long_${long}`))).toBe('wrong_secret')
    expect(outcome(await latchkey.verify(`key_long_${long.slice(1)}`))).toBe('ok')
    const dear = hash.replace('$04$', '$15$')
    const { rejected } = await latchkey.importTokens([row({ format: 'named', id: 'dear', hash: dear })])
    expect(rejected).toMatchObject([{ row: 0, violations: [{ path: 'hash' }] }])
  })
})

describe('text that is no key', () => {
  test('of more than 512 characters is never matched', async () => {
    let calls = 0
    const id = (text: string) => {
      calls++
      return String(text.length)
    }
    const { latchkey, store } = testInstance({ foreign: [{ name: 'any', match: /^(?:x|x)+$/, id }] })
    for (const text of ['x'.repeat(513), 'x'.repeat(65_536)]) {
      expect(outcome(latchkey.verifyCached(text))).toBe('malformed')
      expect(outcome(await latchkey.verify(text))).toBe('malformed')
      await expect(latchkey.lookup(text)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    }
    expect([calls, store.finds]).toEqual([0, []])
    expect(outcome(await latchkey.verify('x'.repeat(512)))).toBe('unknown')
    expect(calls).toBe(1)
  })

  test('is malformed without the store, and what looks like a token of ours is not matched', async () => {
    const { latchkey, store, create } = testInstance({ foreign: [{ name: 'any', match: /^[^ ]+$/ }] })
    const { token } = await create()
    const broken = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`
    store.finds.length = 0
    for (const text of ['a b', '', broken]) {
      expect(outcome(await latchkey.verify(text))).toBe('malformed')
      expect((await latchkey.explain({ token: text })).checks).toMatchObject([{ check: 'format', passed: false }])
      await expect(latchkey.lookup(text)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    }
    expect(store.finds).toEqual([])
    expect(outcome(await latchkey.verify('anything'))).toBe('unknown')
    expect(outcome(await latchkey.verify('anything'))).toBe('unknown')
    expect(store.finds).toHaveLength(1)
  })
})

describe('the option foreign', () => {
  const bad: [string, unknown, string][] = [
    ['no list', { name: 'x' }, 'foreign must be a list'],
    ['no object', ['x'], 'foreign[0] must be a format { name, match }'],
    ['an unknown member', [{ ...PLAIN, regex: /^a$/ }], 'foreign[0].regex is not an option'],
    ['a name in capitals', [{ ...PLAIN, name: 'Plain' }], 'foreign[0].name must be 1 to 32 of a-z 0-9 -'],
    ['a name twice', [PLAIN, PLAIN], 'foreign[1].name must not be plain again'],
    ['a text as pattern', [{ ...PLAIN, match: '^a$' }], 'foreign[0].match must be a regular expression'],
    ['no anchors', [{ ...PLAIN, match: /a/ }], 'foreign[0].match must match the whole key: begin it with ^'],
    ['an escaped end', [{ ...PLAIN, match: /^a\$/ }], 'begin it with ^ and end it with $'],
    ['a pattern with a place', [{ ...PLAIN, match: /^a$/g }], 'foreign[0].match may have the flags i, u and v, not g'],
    ['an empty match', [{ ...PLAIN, match: /^a*$/ }], 'foreign[0].match must not match an empty text'],
    ['a digest that is a text', [{ ...PLAIN, digest: 'sha256' }], 'foreign[0].digest must be a function'],
    ['a secret without id', [{ ...PLAIN, secret: secretOf }], 'foreign[0].secret needs id'],
  ]

  test.each(bad)('refuses %s', (_, foreign, sentence) => {
    const make = () => testInstance({ foreign: foreign as readonly ForeignFormat[] })
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(sentence) }))
  })

  test('names a function that returns what it must not, and lets nobody in', async () => {
    const wrong = [
      { ...PLAIN, digest: (text: string) => text },
      { ...PLAIN, id: () => '' },
    ]
    for (const format of wrong) {
      const { latchkey } = testInstance({ foreign: [format] })
      await expect(latchkey.verify(plainKey())).rejects.toMatchObject({ code: 'ERR_OPTION' })
    }
  })

  test('undefined is none', async () => {
    const { latchkey } = testInstance({ foreign: undefined })
    expect(outcome(await latchkey.verify(plainKey()))).toBe('malformed')
  })
})
