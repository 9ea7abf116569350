import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import { expectLetIn } from './answers.js'
import { bearer, forwardedFor } from './http.js'
import { guardCase, type Scene } from './scene.js'

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
