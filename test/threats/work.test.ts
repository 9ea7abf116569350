// Strangers cannot make the server work, nor learn anything from how it does.
import { argon2id, type Hasher, type IssuedToken } from '@latchkey/core'
import { testHasher } from '@latchkey/testkit'
import { hash } from '@node-rs/argon2'
import { describe, expect, test } from 'vitest'
import { alter, forge, type Reply } from './client.js'
import { FRAMEWORKS, type Scene, scene } from './scene.js'

/** Counts its proofs, which are as slow as somebody wants them to be. `proven`: the secrets in their order. */
function counting(): Hasher & { proofs: number; proven: string[]; gate: Promise<void> } {
  const made = {
    ...testHasher,
    slow: true,
    proofs: 0,
    proven: [] as string[],
    gate: Promise.resolve(),
    async verify(secret: string, phc: string) {
      made.proofs++
      made.proven.push(secret)
      await made.gate
      return testHasher.verify(secret, phc)
    },
  }
  return made
}

describe.each(FRAMEWORKS)('on %s', (framework) => {
  test('9 every cause of a 401 has the same status, headers and body, and none of them costs a slow hash', async () => {
    const hasher = counting()
    const ownerScopes = async () => undefined
    const host = await scene(framework, { hasher, ownerScopes })
    const { issue, clock, latchkey, call } = host
    const good = await issue()
    const rotated = await issue()
    await latchkey.rotate(rotated.id)
    const causes: Record<string, string> = {
      'not of our form': 'nonsense',
      'a foreign prefix': good.token.replace('acme', 'umbra'),
      'a bad checksum': good.token.slice(0, -1) + (good.token.endsWith('A') ? 'B' : 'A'),
      'an unknown id': forge(),
      'a wrong secret': forge(good.id),
      'almost the right secret': alter(good.token, 56),
      'a secret that was rotated away': rotated.token,
    }
    const [first] = await replies(host, ['x'])
    for (const round of ['at first', 'from the cache']) {
      for (const [cause, token] of Object.entries(causes)) {
        expect([cause, round, await replies(host, [token])]).toEqual([cause, round, [first]])
      }
    }
    expect(hasher.proofs).toBe(0)
    // The holder of the secret of a token that is no longer good has proven it, and learns nothing more either.
    const holders = [
      (await issue({ enabled: false })).token,
      (await issue({ expiresAt: clock.at + 1 })).token,
      (await issue({ personal: true, owner: 'nobody' })).token,
    ]
    clock.at += 1
    expect(await replies(host, holders)).toEqual([first, first, first])
    expect((await call('GET', '/reports.read', good.token)).status).toBe(200)
  })

  test('10 a flood of wrong secrets for a known id runs no slow hash, reads nothing, and leaves good tokens cached', async () => {
    const { call, issue, latchkey } = await scene(framework, { hasher: argon2id() })
    const { id, token } = await issue()
    expect((await call('GET', '/reports.read', token)).status).toBe(200)
    const before = latchkey.stats()
    for (let round = 0; round < 20; round++) {
      const flood = Array.from({ length: 100 }, () => call('GET', '/reports.read', forge(id)))
      expect((await call('GET', '/reports.read', token)).status).toBe(200)
      for (const { status } of await Promise.all(flood)) expect(status).toBe(401)
    }
    const { proofs, storeReads, cacheHits, denied } = latchkey.stats()
    expect(proofs).toEqual(before.proofs)
    expect(storeReads).toBe(before.storeReads)
    expect(cacheHits).toBe(before.cacheHits + 20)
    expect(denied).toBe(before.denied + 2_000)
  })

  test('10 the proofs under way and those who wait for one are bounded, and proven tokens are let in meanwhile', async () => {
    const hasher = counting()
    const { call, issue, latchkey } = await scene(framework, { hasher })
    const proven = await issue()
    expect((await call('GET', '/reports.read', proven.token)).status).toBe(200)
    const crowd: IssuedToken[] = []
    while (crowd.length < 1_050) crowd.push(await issue())
    let open = () => {}
    hasher.gate = new Promise((resolve) => {
      open = resolve
    })
    const answers = crowd.map(({ token }) => latchkey.verify(token).catch(({ code }: { code: string }) => code))
    // Until each of them runs, waits or was refused.
    const proofs = () => latchkey.stats().proofs
    while (proofs().running + proofs().waiting + proofs().refused < crowd.length) await new Promise(setImmediate)
    const { running, waiting } = proofs()
    expect(running).toBeLessThanOrEqual(2)
    expect(waiting).toBeLessThanOrEqual(1_000)
    // The last of the crowd had no turn.
    const late = await call('GET', '/reports.read', crowd.at(-1)?.token)
    expect(late.status).toBe(503)
    expect(late.headers['retry-after']).toBe('1')
    expect((await call('GET', '/reports.read', proven.token)).status).toBe(200)
    open()
    const refused = (await Promise.all(answers)).filter((answer) => answer === 'ERR_OVERLOADED')
    expect(refused.length).toBeGreaterThanOrEqual(1_050 - 1_002)
    expect(refused.length).toBeLessThan(1_050)
  })

  test('41 a thousand first uses of one owner neither delay nor crowd out those of another', async () => {
    const hasher = counting()
    const { call, issue, latchkey } = await scene(framework, { hasher })
    const crowd: IssuedToken[] = []
    while (crowd.length < 1_050) crowd.push(await issue())
    const others = [await issue({ owner: 'bob' }), await issue({ owner: 'bob' })]
    let open = () => {}
    hasher.gate = new Promise((resolve) => {
      open = resolve
    })
    const proofs = () => latchkey.stats().proofs
    const outcome = ({ token }: IssuedToken) =>
      latchkey.verify(token).then(
        ({ ok }) => ok,
        ({ code }) => code,
      )
    const answers = crowd.map(outcome)
    while (proofs().running + proofs().waiting + proofs().refused < crowd.length) await new Promise(setImmediate)
    const { refused } = proofs()
    const calls = others.map(({ token }) => call('GET', '/reports.read', token))
    // Those of the longest line give way, the last first.
    while (proofs().refused < refused + others.length) await new Promise(setImmediate)
    open()
    for (const { status } of await Promise.all(calls)) expect(status).toBe(200)
    // Behind the proofs under way, in turn with the crowd.
    const turns = others.map(({ token }) => hasher.proven.indexOf(token.slice(-64)))
    expect(Math.max(...turns)).toBeLessThan(2 + 2 * others.length)
    const codes = await Promise.all(answers)
    expect(codes.filter((code) => code === 'ERR_OVERLOADED')).toHaveLength(refused + others.length)
    expect(codes.filter((code) => code === true)).toHaveLength(crowd.length - refused - others.length)
  })

  test('11 a stored hash of excessive cost is not computed, though its secret is right', async () => {
    const host = await scene(framework, { hasher: argon2id() })
    const { call, issue, latchkey, store } = host
    const environment = await store.open(latchkey.environment)
    const costs = [
      { memoryCost: 65_536 + 8, timeCost: 1, parallelism: 1, expected: 401 },
      { memoryCost: 8, timeCost: 11, parallelism: 1, expected: 401 },
      { memoryCost: 64, timeCost: 1, parallelism: 5, expected: 401 },
      { memoryCost: 64, timeCost: 10, parallelism: 4, expected: 200 },
    ]
    for (const { expected, ...cost } of costs) {
      const { id, token } = await issue()
      const [secret] = (await environment.find(id))?.secrets ?? []
      if (secret === undefined) throw new Error('The token is gone')
      const phc = await hash(token.slice(-64), { ...cost, algorithm: 2, outputLen: 32 })
      await environment.update(id, { secrets: [{ ...secret, hash: phc }] }, 1)
      expect([cost, (await call('GET', '/reports.read', token)).status]).toEqual([cost, expected])
    }
  })
})

/** The answers down to the byte, without their dates. */
async function replies({ call }: Scene, tokens: readonly string[]): Promise<unknown[]> {
  const seen = ({ status, rawHeaders, text }: Reply) => {
    const at = rawHeaders.indexOf('Date')
    return { status, headers: rawHeaders.toSpliced(at, 2), text }
  }
  const all: unknown[] = []
  for (const token of tokens) all.push(seen(await call('GET', '/reports.read', token)))
  return all
}
