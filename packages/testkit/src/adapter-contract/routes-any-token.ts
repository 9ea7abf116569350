import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import {
  expectError,
  expectNoContent,
  expectRefusal,
  INVALID_TOKEN,
  insufficientScope,
  NO_CREDENTIAL,
} from './answers.js'
import { bearer, json } from './http.js'
import { adminCase, administrator, callsWith, routesCase } from './scene.js'

const WRITE = insufficientScope(['apiTokens.write'])
const READ = insufficientScope(['apiTokens.read'])

/** What a token may do with itself. */
const ownTokenCases: readonly AdapterCase[] = [
  routesCase('any token may read itself, as self and by its id, and no other', async (scene) => {
    const issued = await scene.issue()
    const other = await scene.issue()
    const call = callsWith(scene, bearer(issued))
    for (const path of ['/self', `/${issued.id}`]) {
      const reply = await call('GET', path)
      assert.deepEqual([reply.status, json<{ id: string }>(reply).id], [200, issued.id])
    }
    expectRefusal(await call('GET', `/${other.id}`), READ)
    expectRefusal(await call('GET', ''), READ)
  }),
  routesCase('any token may rotate, finish and cancel itself, and no other', async (scene) => {
    const other = await scene.issue()
    for (const name of ['self', 'id']) {
      const issued = await scene.issue()
      const path = name === 'self' ? '/self' : `/${issued.id}`
      const rotated = await callsWith(scene, bearer(issued))('POST', `${path}/rotate`, {
        previousSecretExpirationDate: 'now+1h',
      })
      assert.equal(rotated.status, 200)
      const fresh = callsWith(scene, bearer(json<{ token: string }>(rotated)))
      expectNoContent(await fresh('POST', `${path}/rotate/finish`))
      expectError(await fresh('POST', `${path}/rotate/cancel`), 400)
      for (const step of ['', '/finish', '/cancel'])
        expectRefusal(await fresh('POST', `/${other.id}/rotate${step}`), WRITE)
      expectRefusal(await callsWith(scene, bearer(issued))('GET', '/self'), INVALID_TOKEN)
    }
  }),
  routesCase('any token may delete itself as self', async (scene) => {
    const issued = await scene.issue()
    const call = callsWith(scene, bearer(issued))
    await scene.unchanged(async () => {
      expectRefusal(await call('DELETE', `/${issued.id}`), WRITE)
      expectRefusal(await call('DELETE', `/${issued.token}`), WRITE)
      expectRefusal(await call('PUT', '/self', { name: 'x' }), WRITE)
      expectRefusal(await call('POST', '', { name: 'x', scopes: ['reports.read'] }), WRITE)
    })
    expectNoContent(await call('DELETE', '/self'))
    expectRefusal(await call('GET', '/self'), INVALID_TOKEN)
    assert.deepEqual(await scene.records(), [])
  }),
  adminCase('a caller cannot disable its own token, nor delete it by its id', async (scene, call, admin) => {
    await scene.unchanged(async () => {
      for (const path of ['/self', `/${admin.id}`]) expectError(await call('PUT', path, { enabled: false }), 400)
      expectError(await call('DELETE', `/${admin.id}`), 400)
      expectError(await call('DELETE', `/${admin.token}`), 404)
    })
    expectNoContent(await call('PUT', '/self', { name: 'still here', enabled: true }))
    expectNoContent(await call('DELETE', '/self'))
  }),
  routesCase('a wrong secret gives no access to the token of that id', async (scene) => {
    const issued = await scene.issue()
    const dead = { token: issued.token }
    await scene.latchkey.rotate(issued.id)
    await scene.unchanged(async () => {
      for (const path of ['/self', `/${issued.id}`])
        expectRefusal(await callsWith(scene, bearer(dead))('GET', path), INVALID_TOKEN)
    })
  }),
  routesCase('a personal token sees its owner\u2019s tokens alone', async (scene) => {
    const mine = await scene.issue({ owner: 'bob', name: 'mine' })
    const others = await scene.issue()
    const { call } = await administrator(scene, { owner: 'bob', personal: true })
    const { apiTokens, totalCount } = json(await call('GET', '')) as {
      apiTokens: { owner: string }[]
      totalCount: number
    }
    assert.deepEqual([apiTokens.map(({ owner }) => owner), totalCount], [['bob', 'bob'], 2])
    assert.equal((await call('GET', `/${mine.id}`)).status, 200)
    await scene.unchanged(async () => {
      for (const method of ['GET', 'DELETE']) expectError(await call(method, `/${others.id}`), 404)
      expectError(await call('PUT', `/${others.id}`, { name: 'x' }), 404)
      expectError(await call('POST', `/${others.id}/rotate`), 404)
      expectError(await call('POST', '/lookup', { token: others.token }), 404)
      expectNoContent(await call('POST', '/revoke', { token: others.token }))
    })
  }),
]

const NOT_TEXT = [null, 5, true, {}, [], { $ne: null }, ['x']]

/** What a token may do with another one whose secret it presents. */
const presentedCases: readonly AdapterCase[] = [
  routesCase('lookup shows the presented token in any state, and counts no use', async (scene) => {
    const call = callsWith(scene, bearer(await scene.issue({ name: 'caller' })))
    const good = await scene.issue()
    const disabled = await scene.issue({ enabled: false })
    const expired = await scene.issue({ expiresAt: scene.now() + 1 })
    const outside = await scene.issue({ networks: ['192.0.2.0/24'] })
    scene.wait(1)
    for (const { id, token } of [good, disabled, expired, outside]) {
      const reply = await call('POST', '/lookup', { token })
      assert.equal(reply.status, 200)
      assert.equal(json<{ id: string }>(reply).id, id)
      assert.ok(!reply.text.includes(token))
    }
    await scene.latchkey.flush()
    const used = (await scene.records()).filter(({ lastUsedAt }) => lastUsedAt !== undefined)
    assert.deepEqual(
      used.map(({ name }) => name),
      ['caller'],
    )
  }),
  routesCase('lookup of anything that is not a whole token is 404', async (scene) => {
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
  routesCase('revoke answers 204 to any text, and deletes the token if its secret is right', async (scene) => {
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
    // Of the token in the middle of a rotation, the outgoing secret alone was presented.
    assert.equal((await scene.records()).length, 2)
    assert.equal((await scene.latchkey.get(overlapping.id)).previousSecret, undefined)
  }),
  routesCase('a token may revoke itself', async (scene) => {
    const issued = await scene.issue()
    expectNoContent(await callsWith(scene, bearer(issued))('POST', '/revoke', { token: issued.token }))
    assert.deepEqual(await scene.records(), [])
  }),
  routesCase('the token in the body of lookup and revoke is no credential', async (scene) => {
    const { token } = await scene.issue({ scopes: ['*'] })
    const call = callsWith(scene, [])
    await scene.unchanged(async () => {
      for (const path of ['/lookup', '/revoke']) expectRefusal(await call('POST', path, { token }), NO_CREDENTIAL)
    })
  }),
]

/** What every token may do, whatever its scopes. */
export const routesAnyTokenCases: readonly AdapterCase[] = [...ownTokenCases, ...presentedCases]
