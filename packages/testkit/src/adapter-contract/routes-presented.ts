import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import { expectError, expectNoContent, expectRefusal, NO_CREDENTIAL } from './answers.js'
import { bearer, json } from './http.js'
import { callsWith, routesCase } from './scene.js'

const NOT_TEXT = [null, 5, true, {}, [], { $ne: null }, ['x']]

export const routesPresentedCases: readonly AdapterCase[] = [
  routesCase('lookup shows the token whose secret it is, in any state, and counts no use', async (scene) => {
    const call = callsWith(scene, bearer(await scene.issue({ name: 'caller' })))
    const good = await scene.issue()
    const disabled = await scene.issue({ enabled: false })
    const expired = await scene.issue({ expiresAt: scene.now() + 1 })
    const outside = await scene.issue({ networks: ['192.0.2.0/24'] })
    scene.wait(1)
    for (const { id, token } of [good, disabled, expired, outside]) {
      const reply = await call('POST', '/lookup', { token })
      assert.equal(reply.status, 200)
      assert.equal((json(reply) as { id: string }).id, id)
      assert.ok(!reply.text.includes(token))
    }
    await scene.latchkey.flush()
    const used = (await scene.records()).filter(({ lastUsedAt }) => lastUsedAt !== undefined)
    assert.deepEqual(
      used.map(({ name }) => name),
      ['caller'],
    )
  }),
  routesCase('lookup of anything else is 404', async (scene) => {
    const call = callsWith(scene, bearer(await scene.issue()))
    const deleted = await scene.issue()
    await scene.latchkey.delete(deleted.id)
    const rotated = await scene.issue()
    await scene.latchkey.rotate(rotated.id)
    const unknown = [
      deleted.token,
      rotated.token,
      rotated.id,
      '',
      'x',
      '\u0000',
      '\ud800',
      '__proto__',
      'x'.repeat(60_000),
    ]
    for (const token of unknown) expectError(await call('POST', '/lookup', { token }), 404)
    for (const token of NOT_TEXT) expectError(await call('POST', '/lookup', { token }), 400, ['token'])
    expectError(await call('POST', '/lookup', {}), 400, ['token'])
  }),
  routesCase('revoke answers 204 whatever is presented, and deletes what is proven', async (scene) => {
    const call = callsWith(scene, bearer(await scene.issue()))
    const rotated = await scene.issue()
    const current = await scene.latchkey.rotate(rotated.id)
    await scene.unchanged(async () => {
      for (const token of [rotated.token, rotated.id, '', 'x', '\u0000', '\ud800', 'x'.repeat(60_000)]) {
        expectNoContent(await call('POST', '/revoke', { token }))
      }
      for (const token of NOT_TEXT) expectError(await call('POST', '/revoke', { token }), 400, ['token'])
      expectError(await call('POST', '/revoke', {}), 400, ['token'])
    })
    const disabled = await scene.issue({ enabled: false })
    const overlapping = await scene.issue()
    await scene.latchkey.rotate(overlapping.id, { previousExpiresAt: scene.now() + 1_000 })
    for (const { token } of [current, disabled, overlapping]) expectNoContent(await call('POST', '/revoke', { token }))
    assert.equal((await scene.records()).length, 1)
  }),
  routesCase('a token may revoke itself', async (scene) => {
    const issued = await scene.issue()
    expectNoContent(await callsWith(scene, bearer(issued))('POST', '/revoke', { token: issued.token }))
    assert.deepEqual(await scene.records(), [])
  }),
  routesCase('the presented token is no credential', async (scene) => {
    const { token } = await scene.issue({ scopes: ['*'] })
    const call = callsWith(scene, [])
    await scene.unchanged(async () => {
      for (const path of ['/lookup', '/revoke']) expectRefusal(await call('POST', path, { token }), NO_CREDENTIAL)
    })
  }),
]
