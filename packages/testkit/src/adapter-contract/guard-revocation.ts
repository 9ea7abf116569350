import assert from 'node:assert/strict'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { testHasher } from '../fixtures.js'
import type { AdapterCase } from './adapter-case.js'
import { expectLetIn, expectRefusal, INVALID_TOKEN, insufficientScope, WRONG_ADDRESS } from './answers.js'
import { guardCase, type Scene } from './scene.js'

/** A token that was let in, then changed, is refused at once although its old state is cached. */
function refusedAfter(
  name: string,
  change: (scene: Scene, id: string) => Promise<unknown>,
  refusal = INVALID_TOKEN,
): AdapterCase {
  return guardCase(`a cached token is refused at once after ${name}`, async (scene) => {
    const issued = await scene.issue()
    const ask = () => scene.get('/reports', issued)
    expectLetIn(await ask(), issued)
    expectLetIn(await ask(), issued)
    assert.equal(scene.latchkey.stats().cacheHits, 1)
    await change(scene, issued.id)
    expectRefusal(await ask(), refusal)
    expectRefusal(await ask(), refusal)
    assert.equal(scene.handled.length, 2)
  })
}

/** The same change by another node. */
async function elsewhere(scene: Scene, change: (node: Scene['latchkey']) => Promise<unknown>): Promise<void> {
  const node = createLatchkey({ prefix: 'acme', store: memoryStore(scene.data), hasher: testHasher, now: scene.now })
  await change(node)
  await node.close()
}

export const guardRevocationCases: readonly AdapterCase[] = [
  refusedAfter('deletion', ({ latchkey }, id) => latchkey.delete(id)),
  refusedAfter('disabling', ({ latchkey }, id) => latchkey.update(id, { enabled: false })),
  refusedAfter('rotation', ({ latchkey }, id) => latchkey.rotate(id)),
  refusedAfter(
    'taking its scope',
    ({ latchkey }, id) => latchkey.update(id, { scopes: ['reports.write'] }),
    insufficientScope(['reports.read']),
  ),
  refusedAfter(
    'narrowing its networks',
    ({ latchkey }, id) => latchkey.update(id, { networks: ['192.0.2.0/24'] }),
    WRONG_ADDRESS,
  ),
  refusedAfter('deletion by another node', (scene, id) => elsewhere(scene, (node) => node.delete(id))),
  refusedAfter('disabling by another node', (scene, id) =>
    elsewhere(scene, (node) => node.update(id, { enabled: false })),
  ),

  guardCase('a cached token is refused from the millisecond of its expiry', async (scene) => {
    const issued = await scene.issue({ expiresAt: scene.now() + 1_000 })
    const ask = () => scene.get('/reports', issued)
    expectLetIn(await ask(), issued)
    scene.wait(999)
    expectLetIn(await ask(), issued)
    scene.wait(1)
    expectRefusal(await ask(), INVALID_TOKEN)
    assert.equal(scene.latchkey.stats().storeReads, 1, 'all from the cache')
  }),
  guardCase('in an overlap both secrets are valid, the previous one until the overlap ends', async (scene) => {
    const old = await scene.issue()
    const fresh = await scene.latchkey.rotate(old.id, { previousExpiresAt: scene.now() + 1_000 })
    expectLetIn(await scene.get('/reports', old), old)
    expectLetIn(await scene.get('/reports', fresh), old)
    scene.wait(1_000)
    expectRefusal(await scene.get('/reports', old), INVALID_TOKEN)
    expectLetIn(await scene.get('/reports', fresh), old)
  }),
  guardCase('a token that is enabled again is let in at once', async (scene) => {
    const issued = await scene.issue({ enabled: false })
    const ask = () => scene.get('/reports', issued)
    expectRefusal(await ask(), INVALID_TOKEN)
    await scene.latchkey.update(issued.id, { enabled: true })
    expectLetIn(await ask(), issued)
  }),
]
