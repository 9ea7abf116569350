import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import { expectLetIn, expectRefusal, INVALID_TOKEN, insufficientScope, WRONG_ADDRESS } from './answers.js'
import { bearer, forwardedFor } from './http.js'
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
  refusedAfter('deletion by another node', (scene, id) => scene.node().delete(id)),
  refusedAfter('disabling by another node', (scene, id) => scene.node().update(id, { enabled: false })),

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

async function lastUse(scene: Scene, id: string): Promise<readonly [number | undefined, string | undefined]> {
  await scene.latchkey.flush()
  const record = (await scene.records()).find((candidate) => candidate.id === id)
  return [record?.lastUsedAt, record?.lastUsedIp]
}

export const guardUseCases: readonly AdapterCase[] = [
  guardCase('a use is recorded with its time and the address', async (scene) => {
    const issued = await scene.issue()
    assert.deepEqual(await lastUse(scene, issued.id), [undefined, undefined])
    scene.wait(1_000)
    expectLetIn(await scene.get('/reports', issued), issued)
    assert.deepEqual(await lastUse(scene, issued.id), [scene.now(), '127.0.0.1'])
  }),
  guardCase(
    'a use behind a trusted proxy is recorded with the address that the proxy saw',
    { trustProxy: true },
    async (scene) => {
      const issued = await scene.issue()
      for (const address of ['203.0.113.9', '2001:db8::1']) {
        scene.wait(1_000)
        const headers = [...bearer(issued), ...forwardedFor(`198.51.100.7, ${address}`)]
        expectLetIn(await scene.send({ path: '/reports', headers }), issued)
        assert.deepEqual(await lastUse(scene, issued.id), [scene.now(), address])
      }
    },
  ),
  guardCase(
    'a use without an address is recorded with its time alone',
    { server: { withoutAddresses: true } },
    async (scene) => {
      const issued = await scene.issue()
      expectLetIn(await scene.get('/reports', issued), issued)
      assert.deepEqual(await lastUse(scene, issued.id), [scene.now(), undefined])
    },
  ),
  guardCase('a use changes nothing but the last use', async (scene) => {
    const issued = await scene.issue()
    const [before] = await scene.records()
    expectLetIn(await scene.get('/reports', issued), issued)
    await scene.latchkey.flush()
    const use = { lastUsedAt: scene.now(), lastUsedIp: '127.0.0.1' }
    const secrets = before?.secrets.map((secret) => ({ ...secret, ...use }))
    assert.deepEqual(await scene.records(), [{ ...before, ...use, secrets }])
  }),
  guardCase('no refusal counts as a use', async (scene) => {
    const good = await scene.issue()
    const outside = await scene.issue({ networks: ['192.0.2.0/24'] })
    const scopeless = await scene.issue({ scopes: ['logs.read'] })
    const disabled = await scene.issue({ enabled: false })
    await scene.unchanged(async () => {
      for (const headers of [
        bearer(outside),
        bearer(scopeless),
        bearer(disabled),
        [...bearer(good), ...bearer(good)],
        [...bearer(good), 'X-API-Key', good.token],
      ]) {
        const { status } = await scene.send({ path: '/reports', headers })
        assert.ok(status >= 400 && status < 500)
      }
      await scene.latchkey.flush()
    })
    assert.deepEqual([scene.latchkey.stats().verified, scene.latchkey.stats().pendingUses], [0, 0])
  }),
]
