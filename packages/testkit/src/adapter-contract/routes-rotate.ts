import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import { expectError, expectLetIn, expectNoContent, expectRefusal, INVALID_TOKEN, iso } from './answers.js'
import { json } from './http.js'
import { adminCase, BEGIN } from './scene.js'

const HOUR = 3_600_000

export const routesRotateCases: readonly AdapterCase[] = [
  adminCase('rotate without a body ends every older secret at once', async (scene, call) => {
    const old = await scene.issue()
    expectLetIn(await scene.get('/reports', old), old)
    const reply = await call('POST', `/${old.id}/rotate`)
    const { token, ...rest } = json<{ token: string }>(reply)
    assert.deepEqual([reply.status, rest], [200, { id: old.id, rotationDate: iso(BEGIN) }])
    expectRefusal(await scene.get('/reports', old), INVALID_TOKEN)
    expectLetIn(await scene.get('/reports', { token }), old)
  }),
  adminCase('an overlap keeps both secrets, shows the previous, and ends by finish', async (scene, call) => {
    const old = await scene.issue()
    const overlap = { previousSecretExpirationDate: 'now+1h', expirationDate: 'now+1d' }
    const { token, ...rest } = json<{ token: string }>(await call('POST', `/${old.id}/rotate`, overlap))
    const dates = { expirationDate: iso(BEGIN + 24 * HOUR), rotationDate: iso(BEGIN) }
    assert.deepEqual(rest, { id: old.id, ...dates, previousSecretExpirationDate: iso(BEGIN + HOUR) })
    for (const secret of [old.token, token]) {
      expectLetIn(await scene.get('/reports', { token: secret }), old)
    }
    await scene.latchkey.flush()
    const { previousSecret } = json<{ previousSecret: object }>(await call('GET', `/${old.id}`))
    const used = { lastUsedDate: iso(BEGIN), lastUsedIpAddress: '127.0.0.1' }
    assert.deepEqual(previousSecret, { expirationDate: iso(BEGIN + HOUR), ...used })
    await scene.unchanged(async () => expectError(await call('POST', `/${old.id}/rotate`, overlap), 400))
    expectNoContent(await call('POST', `/${old.id}/rotate/finish`))
    expectRefusal(await scene.get('/reports', old), INVALID_TOKEN)
    expectLetIn(await scene.get('/reports', { token }), old)
    for (const step of ['finish', 'cancel']) expectError(await call('POST', `/${old.id}/rotate/${step}`), 400)
  }),
  adminCase('cancel ends the new secret, and the previous is current again', async (scene, call) => {
    const old = await scene.issue()
    const { token } = await scene.latchkey.rotate(old.id, { previousExpiresAt: scene.now() + HOUR })
    expectNoContent(await call('POST', `/${old.id}/rotate/cancel`, {}))
    expectRefusal(await scene.get('/reports', { token }), INVALID_TOKEN)
    scene.wait(2 * HOUR)
    expectLetIn(await scene.get('/reports', old), old)
  }),
  adminCase('an overlap that has ended counts as none', async (scene, call) => {
    const { id } = await scene.issue()
    await scene.latchkey.rotate(id, { previousExpiresAt: scene.now() + HOUR })
    scene.wait(HOUR)
    for (const step of ['finish', 'cancel']) expectError(await call('POST', `/${id}/rotate/${step}`), 400)
    assert.equal(json<{ previousSecret?: object }>(await call('GET', `/${id}`)).previousSecret, undefined)
    assert.equal((await call('POST', `/${id}/rotate`, { previousSecretExpirationDate: 'now+1h' })).status, 200)
  }),
  adminCase('disabled and expired tokens are not rotated', async (scene, call) => {
    const disabled = await scene.issue({ enabled: false })
    const expired = await scene.issue({ expiresAt: scene.now() + 1 })
    scene.wait(1)
    await scene.unchanged(async () => {
      for (const { id } of [disabled, expired]) {
        expectError(await call('POST', `/${id}/rotate`), 400)
        expectError(await call('POST', `/${id}/rotate`, { expirationDate: 'now+1d' }), 400)
      }
    })
  }),
  adminCase('bad times of a rotation are refused by name', async (scene, call) => {
    const { id } = await scene.issue({ expiresAt: scene.now() + HOUR })
    const previous = 'previousSecretExpirationDate'
    await scene.unchanged(async () => {
      for (const value of ['now', 'now-1h', 'soon', '2030-02-30', 0, -1, true, {}, ['now+1m']]) {
        expectError(await call('POST', `/${id}/rotate`, { [previous]: value }), 400, [previous])
        expectError(await call('POST', `/${id}/rotate`, { expirationDate: value }), 400, ['expirationDate'])
      }
      expectError(await call('POST', `/${id}/rotate`, { [previous]: 'now+2h' }), 400, [previous])
      const all = { [previous]: 'x', expirationDate: 'y', name: 'z' }
      expectError(await call('POST', `/${id}/rotate`, all), 400, ['name', previous, 'expirationDate'])
      for (const step of ['finish', 'cancel']) {
        expectError(await call('POST', `/${id}/rotate/${step}`, { now: true }), 400, ['now'])
      }
    })
  }),
  adminCase('of concurrent rotations one wins, the others are 409', async (scene, call) => {
    const issued = await scene.issue()
    const replies = await Promise.all(Array.from({ length: 10 }, () => call('POST', `/${issued.id}/rotate`)))
    const alive: string[] = []
    for (const reply of replies) {
      if (reply.status !== 200) {
        expectError(reply, 409)
        continue
      }
      const { token } = json<{ token: string }>(reply)
      if ((await scene.latchkey.verify(token)).ok) alive.push(token)
    }
    assert.equal(alive.length, 1)
    scene.store.loseRaces(1)
    await scene.unchanged(async () => expectError(await call('POST', `/${issued.id}/rotate`), 409))
  }),
]
