import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { argon2id, type Hasher, hmacSha256, memoryData, memoryStore } from '../../src/index.js'
import type { TokenRecord } from '../../src/store.js'
import { countingHasher } from '../support/hasher.js'
import { forged, type TestInstance, testInstance } from '../support/instance.js'
import { outcome, published, settled } from '../support/outcome.js'
import { testStore } from '../support/store.js'

const OLD_KEY = randomBytes(32)
const NEW_KEY = randomBytes(32)
const cheap = argon2id({ memory: 8, passes: 1 })
const dearer = argon2id({ memory: 16, passes: 1 })
const pepper = hmacSha256({ keys: { old: OLD_KEY }, current: 'old' })
const newPepper = hmacSha256({ keys: { old: OLD_KEY, new: NEW_KEY }, current: 'new' })
const onlyNewPepper = hmacSha256({ keys: { new: NEW_KEY }, current: 'new' })

let environments = 0

/** Two generations of a host on the same data: the second has another hasher. */
function change(from: Hasher, to: Hasher, accepted: Hasher[] = []) {
  const data = memoryData()
  const environment = `rehash-${environments++}`
  const old = countingHasher(from)
  const before = testInstance({ data, environment, hasher: old })
  const after = testInstance({ data, environment, hasher: countingHasher(to), acceptHashers: accepted })
  const stored = async (id: string): Promise<TokenRecord> => {
    const record = await (await memoryStore(data).open(environment)).find(id)
    if (record === undefined) throw new Error('The token is gone')
    return record
  }
  return { data, environment, before, after, stored }
}

describe('a change of hasher', () => {
  const changes: [string, Hasher, Hasher, Hasher[]][] = [
    ['of parameters', cheap, dearer, []],
    ['from argon2id to hmac', cheap, pepper, [cheap]],
    ['from hmac to argon2id', pepper, cheap, [pepper]],
    ['of the pepper, old key kept', pepper, newPepper, []],
    ['of the pepper, old key in a hasher of its own', pepper, onlyNewPepper, [pepper]],
  ]

  test.each(changes)('%s re-hashes on use, at flush, once', async (_, from, to, accepted) => {
    const { before, after, stored } = change(from, to, accepted)
    const { id, token } = await before.create()
    const original = await stored(id)
    expect(from.isCurrent(original.secrets[0]?.hash ?? '')).toBe(true)

    expect(outcome(await after.latchkey.verify(token))).toBe('ok')
    expect(outcome(await after.latchkey.verify(forged(token)))).toBe('wrong_secret')
    expect((await stored(id)).secrets[0]?.hash).toBe(original.secrets[0]?.hash)
    const [flushed] = await published('flushed', () => after.latchkey.flush())
    expect(flushed).toMatchObject({ uses: 1, rehashed: 1 })

    const moved = await stored(id)
    expect(to.isCurrent(moved.secrets[0]?.hash ?? '')).toBe(true)
    expect(moved).toEqual({
      ...original,
      version: original.version + 1,
      lastUsedAt: after.clock.now,
      secrets: [{ ...original.secrets[0], hash: moved.secrets[0]?.hash, lastUsedAt: after.clock.now }],
    })

    // The write dropped the entry; the proof holds for the new hash too.
    const { hashes } = after.hasher
    const done = after.latchkey.stats().proofs.done
    const reads = after.latchkey.stats().storeReads
    expect(outcome(await after.latchkey.verify(token))).toBe('ok')
    expect(after.latchkey.stats().storeReads).toBe(reads + 1)
    expect(after.latchkey.stats().proofs.done).toBe(done)
    expect(after.hasher.hashes).toBe(hashes)
    await after.latchkey.flush()
    expect((await stored(id)).version).toBe(moved.version)
  })

  test('makes one new hash however many requests come at once', async () => {
    const { before, after, stored } = change(cheap, dearer)
    const { id, token } = await before.create()
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => after.latchkey.verify(token)))
    expect(new Set(verdicts.map(outcome))).toEqual(new Set(['ok']))
    expect(after.hasher).toMatchObject({ verifies: 1, hashes: 1 })
    await after.latchkey.flush()
    expect((await stored(id)).version).toBe(2)
  })

  test('without accepting the old kind is an outage for its tokens, and runs no hash', async () => {
    const { before, after } = change(cheap, pepper)
    const { token } = await before.create()
    await expect(after.latchkey.verify(token)).rejects.toMatchObject({ code: 'ERR_HASHER', status: 503 })
    expect(after.hasher).toMatchObject({ verifies: 0, hashes: 0 })
  })

  test('re-hashes each time nothing where nothing changed', async () => {
    const { before, stored } = change(cheap, cheap)
    const { id, token } = await before.create()
    await before.latchkey.verify(token)
    await before.latchkey.flush()
    expect(await stored(id)).toMatchObject({ version: 1 })
    expect(before.hasher.hashes).toBe(1)
  })
})

describe('a re-hash in a race', () => {
  async function used(pair: { before: TestInstance; after: TestInstance }) {
    const issued = await pair.before.create()
    expect(outcome(await pair.after.latchkey.verify(issued.token))).toBe('ok')
    return issued
  }

  test('with a rotation is dropped: the rotated-away secret does not come back', async () => {
    const pair = change(cheap, dearer)
    const { id, token } = await used(pair)
    const rotated = await pair.before.latchkey.rotate(id)
    const [flushed] = await published('flushed', () => pair.after.latchkey.flush())
    expect(flushed).toMatchObject({ rehashed: 0 })
    expect(await pair.stored(id)).toMatchObject({ version: 2, secrets: [{ gen: 2 }] })
    expect(outcome(await pair.after.latchkey.verify(token))).toBe('wrong_secret')
    expect(outcome(await pair.after.latchkey.verify(rotated.token))).toBe('ok')
  })

  test('with a deletion is dropped: the token does not come back', async () => {
    const pair = change(cheap, dearer)
    const { id, token } = await used(pair)
    await pair.before.latchkey.delete(id)
    await pair.after.latchkey.flush()
    expect(pair.after.latchkey.stats().pendingUses).toBe(0)
    expect(outcome(await pair.after.latchkey.verify(token))).toBe('unknown')
  })

  test('that changes the version between its read and its write is dropped, and not tried again', async () => {
    const data = memoryData()
    const environment = `rehash-${environments++}`
    const before = testInstance({ data, environment, hasher: countingHasher(cheap) })
    const own = testStore(data)
    const after = testInstance({ environment, store: own, hasher: countingHasher(dearer) })
    const { id, token } = await before.create()
    await after.latchkey.verify(token)
    const hold = own.holdFind()
    const flushing = after.latchkey.flush()
    await hold.reached
    await before.latchkey.update(id, { enabled: false })
    hold.release()
    await flushing
    expect(own.updates).toBe(1)
    const { secrets, enabled, version } = (await (await memoryStore(data).open(environment)).find(id)) ?? {}
    expect({ enabled, version, current: cheap.isCurrent(secrets?.[0]?.hash ?? '') }).toEqual({
      enabled: false,
      version: 2,
      current: true,
    })
    await after.latchkey.flush()
    expect(own.updates).toBe(1)
  })

  test('keeps the previous secret, its end and every last use', async () => {
    const pair = change(cheap, dearer)
    const { id, token } = await pair.before.create()
    await pair.before.latchkey.verify(token)
    const rotated = await pair.before.latchkey.rotate(id, { previousExpiresAt: pair.before.clock.now + 60_000 })
    await pair.before.latchkey.flush()
    const original = await pair.stored(id)
    await pair.after.latchkey.verify(rotated.token)
    await pair.after.latchkey.flush()
    const moved = await pair.stored(id)
    expect(moved.secrets[1]).toEqual(original.secrets[1])
    expect(dearer.isCurrent(moved.secrets[0]?.hash ?? '')).toBe(true)
    expect(outcome(await pair.after.latchkey.verify(token))).toBe('ok')
  })

  test('with a failing store is kept, and written later', async () => {
    const data = memoryData()
    const environment = `rehash-${environments++}`
    const own = testStore(data)
    const before = testInstance({ data, environment, hasher: countingHasher(cheap) })
    const after = testInstance({ environment, store: own, hasher: countingHasher(dearer) })
    const { id, token } = await before.create()
    await after.latchkey.verify(token)
    own.failing.set('update', new Error('down'))
    await expect(after.latchkey.flush()).rejects.toMatchObject({ code: 'ERR_STORE' })
    expect(after.latchkey.stats().pendingUses).toBe(1)
    own.failing.clear()
    await after.latchkey.flush()
    expect(after.latchkey.stats().pendingUses).toBe(0)
    const record = await (await memoryStore(data).open(environment)).find(id)
    expect(dearer.isCurrent(record?.secrets[0]?.hash ?? '')).toBe(true)
  })
})

describe('a slow proof is made once per token and process', () => {
  const slow = () => countingHasher(cheap)

  test('through refreshes, invalidations, updates, resets and forgotten owners', async () => {
    const { latchkey, store: own, clock, hasher, create } = testInstance({ hasher: slow() })
    const { id, token } = await create({ personal: true })
    for (let round = 0; round < 5; round++) {
      expect(outcome(await latchkey.verify(token))).toBe('ok')
      clock.now += 5_000
      expect(outcome(await latchkey.verify(token))).toBe('ok')
      await latchkey.update(id, { name: `n${round}` })
      expect(outcome(await latchkey.verify(token))).toBe('ok')
      own.emit('reset')
      expect(outcome(await latchkey.verify(token))).toBe('ok')
      latchkey.forgetOwner('o')
      expect(outcome(await latchkey.verify(token))).toBe('ok')
    }
    expect(hasher.verifies).toBe(1)
    // One for the hash of `create`, one for the proof.
    expect(latchkey.stats().proofs).toEqual({ running: 0, waiting: 0, done: 2, refused: 0 })
  })

  test('also when it is the secret of before a rotation', async () => {
    const { latchkey, clock, hasher, create } = testInstance({ hasher: slow() })
    const { id, token } = await create()
    await latchkey.verify(token)
    const rotated = await latchkey.rotate(id, { previousExpiresAt: clock.now + 60_000 })
    for (let round = 0; round < 3; round++) {
      expect(outcome(await latchkey.verify(token))).toBe('ok')
      expect(outcome(await latchkey.verify(rotated.token))).toBe('ok')
      clock.now += 5_000
    }
    expect(hasher.verifies).toBe(2)
    await latchkey.cancelRotation(id)
    expect(outcome(await latchkey.verify(token))).toBe('ok')
    expect(hasher.verifies).toBe(2)
  })

  test('however many requests come while it runs, and whenever they come as it ends', async () => {
    const { latchkey, hasher, create } = testInstance({ hasher: slow() })
    const { token } = await create()
    const hold = hasher.holdVerify()
    const verdicts = Array.from({ length: 50 }, () => latchkey.verify(token))
    await hold.reached
    hold.release()
    // A request after each turn of the microtask queue, until the first one is answered and long after.
    for (let turn = 0; turn < 100; turn++) {
      verdicts.push(latchkey.verify(token))
      await Promise.resolve()
    }
    expect(new Set((await Promise.all(verdicts)).map(outcome))).toEqual(new Set(['ok']))
    expect(hasher.verifies).toBe(1)
  })

  test('also when the entry is invalidated as it ends, at whatever moment', async () => {
    for (let moment = 0; moment < 40; moment++) {
      const { latchkey, store: own, hasher, create } = testInstance({ hasher: slow() })
      const { token } = await create()
      const hold = hasher.holdVerify()
      const verdicts = [latchkey.verify(token)]
      await hold.reached
      for (let turn = 0; turn < 40; turn++) {
        if (turn === 20) hold.release()
        if (turn === moment || turn === moment + 3) own.emit('reset')
        verdicts.push(latchkey.verify(token))
        await Promise.resolve()
      }
      expect(new Set((await Promise.all(verdicts)).map(outcome))).toEqual(new Set(['ok']))
      expect(hasher.verifies).toBe(1)
    }
  })
})

test('a full queue of proofs is 503 for newcomers, not for those in the cache, and passes', async () => {
  const { latchkey, hasher, create } = testInstance({ hasher: countingHasher(pepper, true), cache: { max: 5_000 } })
  const known = await create()
  await latchkey.verify(known.token)
  const tokens = await Promise.all(Array.from({ length: 1_000 }, async () => (await create()).token))
  const more = (await Promise.all([create(), create(), create(), create()])).map(({ token }) => token)
  const holds = [hasher.holdVerify(), hasher.holdVerify()]
  const inFlight = [...more.slice(0, 2), ...tokens].map((token) => latchkey.verify(token))
  await Promise.all(holds.map(({ reached }) => reached))
  await settled()
  expect(latchkey.stats().proofs).toMatchObject({ running: 2, waiting: 1_000 })
  await expect(latchkey.verify(more[2] ?? '')).rejects.toMatchObject({ code: 'ERR_OVERLOADED', status: 503 })
  expect(outcome(await latchkey.verify(forged(more[3] ?? '')))).toBe('wrong_secret')
  expect(outcome(latchkey.verifyCached(known.token))).toBe('ok')
  const joined = latchkey.verify(tokens[0] ?? '')
  for (const hold of holds) hold.release()
  expect(new Set((await Promise.all([...inFlight, joined])).map(outcome))).toEqual(new Set(['ok']))
  expect(outcome(await latchkey.verify(more[2] ?? ''))).toBe('ok')
  expect(latchkey.stats().proofs).toMatchObject({ running: 0, waiting: 0, refused: 1 })
})

test('with the real default a token costs one Argon2 run, and its cached uses none', async () => {
  const hasher = countingHasher(argon2id())
  const { latchkey, clock, create } = testInstance({ hasher })
  const { token } = await create()
  expect(outcome(await latchkey.verify(token))).toBe('ok')
  for (let i = 0; i < 10; i++) {
    expect(outcome(await latchkey.verify(forged(token)))).toBe('wrong_secret')
    clock.now += 5_000
    expect(outcome(await latchkey.verify(token))).toBe('ok')
  }
  expect(hasher).toMatchObject({ hashes: 1, verifies: 1 })
})
