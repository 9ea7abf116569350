import { describe, expect, test } from 'vitest'
import { countingHasher, testHasher } from '../support/hasher.js'
import { forged, type TestInstance, testInstance, twoInstances, unknownToken } from '../support/instance.js'
import { outcome, settled } from '../support/outcome.js'

const slow = () => countingHasher(testHasher, true)

type Change = [string, (node: TestInstance, id: string) => Promise<unknown>, string]

const changes: Change[] = [
  ['deleted', ({ latchkey }, id) => latchkey.delete(id), 'unknown'],
  ['disabled', ({ latchkey }, id) => latchkey.update(id, { enabled: false }), 'disabled'],
  ['rotated', ({ latchkey }, id) => latchkey.rotate(id), 'wrong_secret'],
  ['narrowed', ({ latchkey }, id) => latchkey.update(id, { scopes: ['b'] }), 'scope'],
]

const ask = { scopes: ['a'] }

describe('a read under way when the token is changed', () => {
  test.each(changes)(
    'on this node (%s) is not cached, nor joined by those who come after',
    async (_, change, reason) => {
      const here = testInstance()
      const { id, token } = await here.create()
      const hold = here.store.holdFind()
      const early = here.latchkey.verify(token, ask)
      await hold.reached
      const changing = change(here, id)
      await changing
      const late = here.latchkey.verify(token, ask)
      await settled()
      hold.release()
      expect(outcome(await late)).toBe(reason)
      // The one who came before may end either way, and leaves nothing behind.
      expect(['ok', reason]).toContain(outcome(await early))
      await settled()
      expect(outcome(await here.latchkey.verify(token, ask))).toBe(reason)
      expect(outcome(here.latchkey.verifyCached(token, ask))).toBe(reason)
    },
  )

  test.each(changes)(
    'on another node (%s) is not cached, nor joined by those who come after',
    async (_, change, reason) => {
      const [here, there] = twoInstances()
      const { id, token } = await here.create()
      const hold = here.store.holdFind()
      const early = here.latchkey.verify(token, ask)
      await hold.reached
      await change(there, id)
      await settled()
      const late = here.latchkey.verify(token, ask)
      await settled()
      hold.release()
      expect(outcome(await late)).toBe(reason)
      expect(['ok', reason]).toContain(outcome(await early))
      expect(outcome(here.latchkey.verifyCached(token, ask))).toBe(reason)
    },
  )

  test('by a reset is not cached', async () => {
    const [here, there] = twoInstances()
    here.store.deaf = true
    const { id, token } = await here.create()
    const hold = here.store.holdFind()
    const early = here.latchkey.verify(token)
    await hold.reached
    await there.latchkey.delete(id)
    here.store.emit('reset')
    hold.release()
    await early
    expect(outcome(await here.latchkey.verify(token))).toBe('unknown')
  })

  test('and found nothing yet, is not remembered as unknown once the token is there', async () => {
    const [here, there] = twoInstances()
    const { id, token } = await there.create()
    const record = await (await there.store.open(there.latchkey.environment)).find(id)
    await there.latchkey.delete(id)
    const hold = here.store.holdFind()
    const early = here.latchkey.verify(token)
    await hold.reached
    if (record === undefined) throw new Error('The token is gone')
    await (await there.store.open(there.latchkey.environment)).insert(record)
    await settled()
    hold.release()
    expect(outcome(await early)).toBe('unknown')
    expect(outcome(await here.latchkey.verify(token))).toBe('ok')
  })

  test('that ends after a newer one does not replace it', async () => {
    const [here, there] = twoInstances()
    const { id, token } = await here.create()
    const hold = here.store.holdFind()
    const early = here.latchkey.verify(token)
    await hold.reached
    await there.latchkey.update(id, { name: 'newer' })
    await settled()
    const late = await here.latchkey.verify(token)
    hold.release()
    await early
    expect(late).toMatchObject({ token: { name: 'newer' } })
    expect(here.latchkey.verifyCached(token)).toMatchObject({ token: { name: 'newer' } })
  })

  test('is outdated by a management read that begins later, which fills the cache', async () => {
    const here = testInstance()
    const { token } = await here.create()
    const hold = here.store.holdFind()
    const early = here.latchkey.verify(token)
    await hold.reached
    await here.latchkey.explain({ token })
    hold.release()
    expect(outcome(await early)).toBe('ok')
    expect(outcome(here.latchkey.verifyCached(token))).toBe('ok')
  })
})

describe('a proof under way when the token is changed', () => {
  test.each(changes)('on this node (%s) lets nobody in once the change has returned', async (_, change, reason) => {
    const here = testInstance({ hasher: slow() })
    const { id, token } = await here.create()
    const hold = here.hasher.holdVerify()
    const early = here.latchkey.verify(token, ask)
    await hold.reached
    await change(here, id)
    const late = here.latchkey.verify(token, ask)
    hold.release()
    expect(outcome(await early)).toBe(reason)
    expect(outcome(await late)).toBe(reason)
    expect(outcome(here.latchkey.verifyCached(token, ask))).toBe(reason)
  })

  test.each(changes)('on another node (%s) lets nobody in once the event has come', async (_, change, reason) => {
    const [here, there] = twoInstances({ hasher: slow() })
    const { id, token } = await here.create()
    const hold = here.hasher.holdVerify()
    const early = here.latchkey.verify(token, ask)
    await hold.reached
    await change(there, id)
    await settled()
    hold.release()
    expect(outcome(await early)).toBe(reason)
    expect(outcome(here.latchkey.verifyCached(token, ask))).toBe(reason)
  })

  test('and its read after the proof is under way too, leaves no entry that lets the old secret in', async () => {
    const here = testInstance({ hasher: slow() })
    const { id, token } = await here.create()
    const proof = here.hasher.holdVerify()
    const early = here.latchkey.verify(token)
    await proof.reached
    // Something drops the entry, so that the proof is followed by a read; that read is overtaken by the rotation.
    here.store.emit('reset')
    const read = here.store.holdFind()
    proof.release()
    await read.reached
    await here.latchkey.rotate(id)
    read.release()
    expect(['ok', 'wrong_secret']).toContain(outcome(await early))
    expect(outcome(await here.latchkey.verify(token))).toBe('wrong_secret')
    expect(outcome(here.latchkey.verifyCached(token))).toBe('wrong_secret')
  })

  test('that ends after the rotation does not stand for the new secret', async () => {
    const here = testInstance({ hasher: slow() })
    const { id, token } = await here.create()
    const hold = here.hasher.holdVerify()
    const early = here.latchkey.verify(token)
    await hold.reached
    const rotated = await here.latchkey.rotate(id)
    expect(outcome(await here.latchkey.verify(rotated.token))).toBe('ok')
    hold.release()
    expect(outcome(await early)).toBe('wrong_secret')
    expect(outcome(here.latchkey.verifyCached(token))).toBe('wrong_secret')
    expect(outcome(here.latchkey.verifyCached(rotated.token))).toBe('ok')
  })

  test('a management call is judged by what was read after it began, also where a proof came between', async () => {
    const [here, there] = twoInstances()
    here.store.deaf = true
    const { id, token } = await there.create()
    // Somebody's junk has put an entry into the cache.
    await here.latchkey.verify(forged(token))
    await there.latchkey.update(id, { enabled: false })
    const [first, second] = [here.store.holdFind(), here.store.holdFind()]
    const looking = here.latchkey.lookup(token)
    await first.reached
    // A second read outdates the first, so that only the old entry is in the cache when the proof is done.
    const explaining = here.latchkey.explain({ id })
    await second.reached
    first.release()
    expect(await looking).toMatchObject({ id, enabled: false })
    second.release()
    expect(await explaining).toMatchObject({ allowed: false })
  })
})

test('a stored hash that changes under every proof ends in 503, not in a loop', async () => {
  const [here, there] = twoInstances({ hasher: slow() })
  const { id, token } = await here.create()
  const store = await there.store.open(there.latchkey.environment)
  let version = 1
  const record = await store.find(id)
  const [secret] = record?.secrets ?? []
  if (secret === undefined) throw new Error('The token is gone')
  // Same tag, a hash that is always another and always right.
  here.hasher.recognizes = () => true
  here.hasher.verify = async () => {
    await store.update(id, { secrets: [{ ...secret, hash: `${secret.hash}${version}` }] }, version)
    version++
    await settled()
    return true
  }
  await expect(here.latchkey.verify(token)).rejects.toMatchObject({ code: 'ERR_OVERLOADED' })
  expect(version).toBe(4)
})

describe('500 rounds of verify against', () => {
  async function rounds(change: Change) {
    const [here, there] = twoInstances({ lastUsed: { flushInterval: 60_000 } })
    const [, deed, reason] = change
    let let_in = 0
    for (let round = 0; round < 500; round++) {
      const { id, token } = await here.create()
      if (round % 2 === 0) await here.latchkey.verify(token, ask)
      const actor = round % 3 === 0 ? there : here
      const asking = Array.from({ length: 5 }, () => here.latchkey.verify(token, ask))
      const flushing = here.latchkey.flush()
      for (let turn = 0; turn < round % 7; turn++) await Promise.resolve()
      asking.push(here.latchkey.verify(token, ask))
      await deed(actor, id)
      if (actor === there) await settled()
      asking.push(here.latchkey.verify(token, ask))
      await Promise.all([flushing, here.latchkey.flush()])
      const outcomes = (await Promise.all(asking)).map(outcome)
      let_in += outcomes.filter((each) => each === 'ok').length
      expect(outcomes.at(-1)).toBe(reason)
      for (const each of outcomes) expect(['ok', reason]).toContain(each)
      expect(outcome(await here.latchkey.verify(token, ask))).toBe(reason)
      expect(outcome(here.latchkey.verifyCached(token, ask))).toBe(reason)
      await here.latchkey.flush()
      // Whatever was written last, the use did not bring the old state back.
      const record = await (await there.store.open(there.latchkey.environment)).find(id)
      expect(record === undefined).toBe(reason === 'unknown')
      if (record !== undefined) expect(record.version).toBe(2)
      expect(outcome(await there.latchkey.verify(token, ask))).toBe(reason)
    }
    expect(let_in).toBeGreaterThan(0)
  }

  test.each(changes)('being %s never undo it', async (...change) => {
    await rounds(change)
  })
})

describe('concurrent rotations', () => {
  test('of one token: exactly one wins, the others are 409, exactly one new secret lives', async () => {
    for (let round = 0; round < 50; round++) {
      const [here, there] = twoInstances()
      const { id, token } = await here.create()
      await here.latchkey.verify(token)
      const input = round % 2 === 0 ? {} : { previousExpiresAt: here.clock.now + 60_000 }
      const results = await Promise.allSettled(
        [here, there, here, there].map(({ latchkey }) => latchkey.rotate(id, input)),
      )
      const won = results.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
      const lost = results.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
      expect(won).toHaveLength(1)
      expect(lost).toHaveLength(3)
      for (const error of lost) expect(error).toMatchObject({ code: 'ERR_RACE', status: 409 })
      const record = await (await here.store.open(here.latchkey.environment)).find(id)
      expect(record?.secrets).toHaveLength(round % 2 === 0 ? 1 : 2)
      expect(record?.version).toBe(2)
      for (const { latchkey } of [here, there]) {
        expect(outcome(await latchkey.verify(won[0]?.token ?? ''))).toBe('ok')
        expect(outcome(await latchkey.verify(token))).toBe(round % 2 === 0 ? 'wrong_secret' : 'ok')
      }
    }
  })

  test('and deletions: a token that is gone has no new secret', async () => {
    for (let round = 0; round < 50; round++) {
      const [here, there] = twoInstances()
      const { id } = await here.create()
      const [rotated] = await Promise.allSettled([here.latchkey.rotate(id), there.latchkey.delete(id)])
      const token = rotated.status === 'fulfilled' ? rotated.value.token : unknownToken()
      expect(outcome(await here.latchkey.verify(token))).toBe('unknown')
    }
  })

  test('of tokens that are disabled, expired or gone fail, and revive nothing', async () => {
    const { latchkey, clock, create } = testInstance()
    const disabled = await create({ enabled: false })
    const expired = await create({ expiresAt: clock.now + 1 })
    const gone = await create()
    await latchkey.delete(gone.id)
    clock.now += 1
    await expect(latchkey.rotate(disabled.id)).rejects.toMatchObject({ code: 'ERR_STATE' })
    await expect(latchkey.rotate(expired.id, { expiresAt: 'now+1d' })).rejects.toMatchObject({ code: 'ERR_STATE' })
    await expect(latchkey.rotate(gone.id)).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' })
    expect(outcome(await latchkey.verify(disabled.token))).toBe('disabled')
    expect(outcome(await latchkey.verify(expired.token))).toBe('expired')
  })
})
