import assert from 'node:assert/strict'
import type { Hasher, IssuedToken } from '@latchkey/core'
import { testHasher } from '../fixtures.js'
import type { AdapterCase } from './adapter-case.js'
import { expectLetIn, expectRefusal, INVALID_TOKEN, NO_CREDENTIAL, TOKENS_UNAVAILABLE, UNAVAILABLE } from './answers.js'
import { bearer } from './http.js'
import { guardCase, MOUNT, withScene } from './scene.js'

export const guardUnavailableCases: readonly AdapterCase[] = [
  guardCase('a store that fails is a 503, and lets in again once it is back', async (scene) => {
    const issued = await scene.issue()
    const ask = { path: '/reports', headers: bearer(issued) }
    scene.store.cut(true)
    expectRefusal(await scene.send(ask), UNAVAILABLE)
    expectRefusal(await scene.send(ask), UNAVAILABLE)
    assert.deepEqual([scene.handled, scene.errors], [[], []])
    scene.store.cut(false)
    expectLetIn(await scene.send(ask), issued)
  }),
  guardCase('a store that cannot even be opened is a 503', async (scene) => {
    scene.store.cut(true)
    const token = `acme.${'A'.repeat(24)}.${'A'.repeat(64)}`
    expectRefusal(await scene.send({ path: '/any', headers: bearer({ token }) }), INVALID_TOKEN)
    scene.store.cut(false)
    const issued = await scene.issue()
    scene.store.cut(true)
    expectRefusal(await scene.send({ path: '/any', headers: bearer(issued) }), UNAVAILABLE)
  }),
  guardCase(
    'without the store, a cached token is let in as long as the cache may be believed, and not longer',
    { latchkey: { cache: { ttl: 60_000 } } },
    async (scene) => {
      const issued = await scene.issue()
      const ask = { path: '/reports', headers: bearer(issued) }
      expectLetIn(await scene.send(ask), issued)
      scene.store.cut(true)
      scene.wait(59_999)
      expectLetIn(await scene.send(ask), issued)
      scene.wait(1)
      expectRefusal(await scene.send(ask), UNAVAILABLE)
      assert.equal(scene.handled.length, 2)
    },
  ),
  guardCase('without the store, what needs no store is answered as ever', async (scene) => {
    scene.store.cut(true)
    expectRefusal(await scene.send({ path: '/any' }), NO_CREDENTIAL)
    expectRefusal(await scene.send({ path: '/any', headers: bearer({ token: 'x' }) }), INVALID_TOKEN)
  }),
  guardCase('a closed instance is a 503', async (scene) => {
    const issued = await scene.issue()
    await scene.latchkey.close()
    expectRefusal(await scene.send({ path: '/reports', headers: bearer(issued) }), UNAVAILABLE)
  }),
  guardCase('management routes without the store are 503 in their own words', async (scene) => {
    const issued = await scene.issue({ scopes: ['*'] })
    scene.store.cut(true)
    expectRefusal(await scene.send({ path: MOUNT, headers: bearer(issued) }), TOKENS_UNAVAILABLE)
    expectRefusal(await scene.send({ path: MOUNT }), NO_CREDENTIAL)
  }),
  {
    group: 'guard',
    name: 'ownerScopes that fails is a 503 for personal tokens, and for no others',
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
          expectRefusal(await scene.send({ path: '/reports', headers: bearer(personal) }), UNAVAILABLE)
          expectLetIn(await scene.send({ path: '/reports', headers: bearer(other) }), other)
        }
        answer = async () => ['*']
        expectLetIn(await scene.send({ path: '/reports', headers: bearer(personal) }), personal)
      })
    },
  },
  {
    group: 'guard',
    name: 'a full queue of proofs is a 503 for tokens not proven yet, while proven ones are let in',
    async run(mount) {
      const hasher = heldHasher()
      await withScene(mount, { latchkey: { hasher } }, async (scene) => {
        const proven = await scene.issue()
        expectLetIn(await scene.send({ path: '/reports', headers: bearer(proven) }), proven)
        const tokens: IssuedToken[] = []
        while (tokens.length < 1_010) tokens.push(await scene.issue())
        const late = await scene.issue()
        hasher.hold()
        const verdicts = Promise.allSettled(tokens.map(({ token }) => scene.latchkey.verify(token)))
        // The queue has filled up once it has turned one away.
        while (scene.latchkey.stats().proofs.refused === 0) await new Promise(setImmediate)
        expectRefusal(await scene.send({ path: '/reports', headers: bearer(late) }), UNAVAILABLE)
        expectLetIn(await scene.send({ path: '/reports', headers: bearer(proven) }), proven)
        hasher.release()
        const outcomes = await verdicts
        assert.ok(outcomes.some(({ status }) => status === 'rejected'))
        assert.ok(outcomes.every((outcome) => outcome.status === 'rejected' || outcome.value.ok))
        expectLetIn(await scene.send({ path: '/reports', headers: bearer(late) }), late)
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
