import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import { expectLetIn, expectProblem, iso } from './answers.js'
import { bearer, json } from './http.js'
import { adminCase, BEGIN, callsWith, routesCase, type SceneOptions } from './scene.js'

const LATCHKEY: SceneOptions = { dialect: 'latchkey' }
const HOUR = 3_600_000

export const routesRevokeAllCases: readonly AdapterCase[] = [
  adminCase('Latchkey: many are revoked by what they have in common', LATCHKEY, async (scene, call, admin) => {
    const revoke = async (body: object) => {
      const reply = await call('POST', '/revoke-all', body)
      assert.equal(reply.status, 200, reply.text)
      return json(reply)
    }
    const left = async () => (await scene.records()).map(({ name }) => name)
    for (const [name, owner] of [
      ['a', 'alice'],
      ['b', 'bob'],
      ['c', 'bob'],
      ['d', 'bob'],
    ] as const) {
      scene.wait(HOUR)
      const scopes = [`${name}.read`, 'reports.read']
      const made = await scene.issue({ name, owner, scopes, personal: name === 'b', enabled: name !== 'c' })
      if (name === 'a') expectLetIn(await scene.get('/reports', made), made)
    }
    assert.deepEqual(await revoke({ owner: 'bob', enabled: true, personal: true }), { revoked: 1, remaining: 0 })
    assert.deepEqual(await revoke({ scope: ['a.write', 'c.read'] }), { revoked: 1, remaining: 0 })
    assert.deepEqual(await left(), ['admin', 'a', 'd'])
    const elsewhere = { createdAfter: iso(BEGIN + HOUR), createdBefore: BEGIN + 2 * HOUR, lastUsedBefore: 'now-1d' }
    assert.deepEqual(await revoke(elsewhere), { revoked: 0, remaining: 0 })
    assert.deepEqual(await revoke({ unusedSince: 'now' }), { revoked: 1, remaining: 0 })
    assert.deepEqual(await left(), ['admin', 'd'])
    // The token that calls is kept.
    assert.deepEqual(await revoke({ createdAfter: 0 }), { revoked: 1, remaining: 0 })
    assert.deepEqual(await left(), ['admin'])
    expectLetIn(await scene.get('/reports', admin), admin)
  }),
  routesCase('Latchkey: without the admin right, only the own tokens are revoked', LATCHKEY, async (scene) => {
    const scopes = ['apiTokens.write', 'reports.read']
    const writer = await scene.issue({ name: 'writer', scopes })
    const personal = await scene.issue({ name: 'personal', scopes: ['*'], personal: true })
    await scene.issue({ name: 'own' })
    await scene.issue({ name: 'other', owner: 'bob' })
    const weak = await scene.issue({ name: 'weak', owner: 'carol', scopes: ['apiTokens.read', 'apiTokens.admin'] })
    const outgoing = await scene.issue({ name: 'rotating', owner: 'carol', scopes: ['*'] })
    await scene.latchkey.rotate(outgoing.id, { previousExpiresAt: 'now+1h' })
    const by = (holder: { token: string }) => callsWith(scene, bearer(holder))
    await scene.unchanged(async () => {
      for (const holder of [writer, personal]) {
        for (const owner of ['bob', 'nobody']) {
          expectProblem(await by(holder)('POST', '/revoke-all', { owner }), 'ERR_NOT_ALLOWED', ['owner'])
        }
      }
      expectProblem(await by(weak)('POST', '/revoke-all', { owner: 'carol' }), 'ERR_SCOPE')
      expectProblem(await by(outgoing)('POST', '/revoke-all', { owner: 'carol' }), 'ERR_NOT_ALLOWED')
      expectProblem(await scene.send({ method: 'POST', path: '/api/v2/apiTokens/revoke-all' }), 'ERR_NO_TOKEN')
    })
    const revoked = json(await by(writer)('POST', '/revoke-all', { scope: ['reports.read', '*'] }))
    assert.deepEqual(revoked, { revoked: 2, remaining: 0 })
    const left = (await scene.records()).map(({ name }) => name)
    assert.deepEqual(left.toSorted(), ['other', 'rotating', 'weak', 'writer'])
  }),
  adminCase('Latchkey: a filter that says nothing revokes nothing', LATCHKEY, async (scene, call) => {
    await scene.issue()
    await scene.unchanged(async () => {
      for (const [body, ...paths] of [
        [{}, ''],
        [{ owner: '', scope: [] }, 'owner', 'scope'],
        [{ owner: null, scope: 'reports.read' }, 'owner', 'scope'],
        [{ scope: ['a', ''] }, 'scope[1]'],
        [{ owner: 'alice', scope: [] }, 'scope'],
        [{ personal: 'true', enabled: null }, 'personal', 'enabled'],
        [{ createdAfter: 'now', createdBefore: 'now-1d' }, 'createdAfter'],
        [{ unusedSince: 'soon', owners: 'alice' }, 'owners', 'unusedSince'],
        [{ owner: 'alice', limit: 1, sort: 'name', cursor: 'x' }, 'limit', 'sort', 'cursor'],
      ] as const) {
        expectProblem(await call('POST', '/revoke-all', body), 'ERR_INVALID_INPUT', paths)
      }
      expectProblem(await call('POST', '/revoke-all'), 'ERR_MEDIA_TYPE')
      expectProblem(await call('GET', '/revoke-all'), 'ERR_METHOD')
    })
  }),
  adminCase('a published dialect does not revoke many', async (_scene, call) => {
    const reply = await call('POST', '/revoke-all', { owner: 'root' })
    assert.equal(reply.status, 405)
  }),
]
