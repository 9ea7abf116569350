import assert from 'node:assert/strict'
import type { Hasher, IssuedToken } from '@latchkey/core'
import { testHasher } from '../fixtures.js'
import type { AdapterCase } from './adapter-case.js'
import { expectLetIn, expectRefusal, INVALID_TOKEN, NO_CREDENTIAL, TOKENS_UNAVAILABLE, UNAVAILABLE } from './answers.js'
import { guardCase, MOUNT, withScene } from './scene.js'

export const guardUnavailableCases: readonly AdapterCase[] = [
  guardCase('a failing store is a 503, and tokens are let in again once it is back', async (scene) => {
    const issued = await scene.issue()
    const ask = () => scene.get('/reports', issued)
    scene.store.cut(true)
    expectRefusal(await ask(), UNAVAILABLE)
    expectRefusal(await ask(), UNAVAILABLE)
    assert.deepEqual([scene.handled, scene.errors], [[], []])
    scene.store.cut(false)
    expectLetIn(await ask(), issued)
  }),
  guardCase('a store that cannot even be opened is a 503', async (scene) => {
    scene.store.cut(true)
    const token = `acme.${'A'.repeat(24)}.${'A'.repeat(64)}`
    expectRefusal(await scene.get('/any', { token }), INVALID_TOKEN)
    scene.store.cut(false)
    const issued = await scene.issue()
    scene.store.cut(true)
    expectRefusal(await scene.get('/any', issued), UNAVAILABLE)
  }),
  guardCase(
    'without the store, a cached token is let in until the ttl of the cache is over',
    { latchkey: { cache: { ttl: 60_000 } } },
    async (scene) => {
      const issued = await scene.issue()
      const ask = () => scene.get('/reports', issued)
      expectLetIn(await ask(), issued)
      scene.store.cut(true)
      scene.wait(59_999)
      expectLetIn(await ask(), issued)
      scene.wait(1)
      expectRefusal(await ask(), UNAVAILABLE)
      assert.equal(scene.handled.length, 2)
    },
  ),
  guardCase('without the store, requests that need no store are answered as usual', async (scene) => {
    scene.store.cut(true)
    expectRefusal(await scene.get('/any'), NO_CREDENTIAL)
    expectRefusal(await scene.get('/any', { token: 'x' }), INVALID_TOKEN)
  }),
  guardCase('a closed instance is a 503', async (scene) => {
    const issued = await scene.issue()
    await scene.latchkey.close()
    expectRefusal(await scene.get('/reports', issued), UNAVAILABLE)
  }),
  guardCase('management routes without the store are 503, with a message of their own', async (scene) => {
    const issued = await scene.issue({ scopes: ['*'] })
    scene.store.cut(true)
    expectRefusal(await scene.get(MOUNT, issued), TOKENS_UNAVAILABLE)
    expectRefusal(await scene.get(MOUNT), NO_CREDENTIAL)
  }),
  {
    group: 'guard',
    name: 'a failing ownerScopes is a 503 for personal tokens alone',
    async run(mount) {
      let answer: () => Promise<readonly string[]> = async () => ['*']
      await withScene(mount, { latchkey: { ownerScopes: () => answer() } }, async (scene) => {
        const personal = await scene.issue({ personal: true })
        const other = await scene.issue()
        const failures: (() => Promise<readonly string[]>)[] = [
          () => Promise.reject(new Error('the directory is away')),
          () => {
            throw new Error('the directory is away')
          },
          async () => '*' as unknown as readonly string[],
        ]
        for (const failure of failures) {
          answer = failure
          expectRefusal(await scene.get('/reports', personal), UNAVAILABLE)
          expectLetIn(await scene.get('/reports', other), other)
        }
        answer = async () => ['*']
        expectLetIn(await scene.get('/reports', personal), personal)
      })
    },
  },
  {
    group: 'guard',
    name: 'a full queue of proofs is a 503 for tokens that need one, and proven tokens are let in',
    async run(mount) {
      const hasher = heldHasher()
      await withScene(mount, { latchkey: { hasher } }, async (scene) => {
        const proven = await scene.issue()
        expectLetIn(await scene.get('/reports', proven), proven)
        const tokens: IssuedToken[] = []
        while (tokens.length < 1_010) tokens.push(await scene.issue())
        const late = await scene.issue()
        hasher.hold()
        const verdicts = Promise.allSettled(tokens.map(({ token }) => scene.latchkey.verify(token)))
        // The queue has filled up once it has turned one away.
        while (scene.latchkey.stats().proofs.refused === 0) await new Promise(setImmediate)
        expectRefusal(await scene.get('/reports', late), UNAVAILABLE)
        expectLetIn(await scene.get('/reports', proven), proven)
        hasher.release()
        const outcomes = await verdicts
        assert.ok(outcomes.some(({ status }) => status === 'rejected'))
        assert.ok(outcomes.every((outcome) => outcome.status === 'rejected' || outcome.value.ok))
        expectLetIn(await scene.get('/reports', late), late)
      })
    },
  },
]

/** A slow hasher whose proofs can be held up. */
function heldHasher(): Hasher & { hold(): void; release(): void } {
  let gate: Promise<void> = Promise.resolve()
  let open: () => void = () => undefined
  return {
    ...testHasher,
    slow: true,
    async verify(secret, phc) {
      await gate
      return testHasher.verify(secret, phc)
    },
    hold() {
      gate = new Promise((resolve) => {
        open = resolve
      })
    },
    release: () => open(),
  }
}
