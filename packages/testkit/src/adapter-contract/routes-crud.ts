import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import { expectError, expectLetIn, expectNoContent, expectRefusal, INVALID_TOKEN, iso } from './answers.js'
import { json } from './http.js'
import { adminCase, BEGIN, MOUNT } from './scene.js'

const FULL = {
  name: ' Nightly report ',
  scopes: ['reports.read', 'metrics.*'],
  owner: 'root',
  enabled: true,
  personalAccessToken: false,
  expirationDate: 'now+1d',
  allowedCIDRBlocks: ['127.0.0.0/8', '2001:db8::/32'],
  additionalMetadata: { team: 'billing', nested: { list: [1, 'two', null, true] } },
}

export const routesCrudCases: readonly AdapterCase[] = [
  adminCase('create answers 201 with the whole token and its location', async (scene, call) => {
    const reply = await call('POST', '', { name: 'report', scopes: ['reports.read'] })
    const { id, token, ...rest } = json(reply)
    assert.deepEqual([reply.status, rest], [201, {}])
    assert.match(String(token), /^acme\.[A-Z2-7]{24}\.[A-Z2-7]{64}$/)
    assert.equal(reply.headers.location, `${MOUNT}/${id}`)
    assert.equal(reply.headers['cache-control'], 'no-store')
    assert.equal(reply.headers['content-type'], 'application/json; charset=utf-8')
    expectLetIn(await scene.get('/reports', { token: String(token) }), { id: String(id) })
  }),
  adminCase('get shows the resource without unset members', async (scene, call) => {
    const { id } = await scene.issue()
    const reply = await call('GET', `/${id}`)
    assert.deepEqual(json(reply), {
      id,
      name: 'report',
      enabled: true,
      owner: 'alice',
      creationDate: '2030-01-01T00:00:00.000Z',
      scopes: ['reports.read'],
      personalAccessToken: false,
    })
    assert.equal(reply.status, 200)
  }),
  adminCase('every member is kept as given, and shown in full', async (_scene, call) => {
    const created = json(await call('POST', '', FULL))
    assert.equal(created.expirationDate, iso(BEGIN + 86_400_000))
    const { owner, allowedCIDRBlocks, additionalMetadata, scopes } = FULL
    assert.deepEqual(json(await call('GET', `/${created.id}`)), {
      id: created.id,
      name: 'Nightly report',
      enabled: true,
      owner,
      creationDate: iso(BEGIN),
      expirationDate: iso(BEGIN + 86_400_000),
      scopes,
      personalAccessToken: false,
      additionalMetadata,
      allowedCIDRBlocks,
    })
  }),
  adminCase('get shows the last use once it is written', async (scene, call) => {
    const issued = await scene.issue()
    scene.wait(1_500)
    expectLetIn(await scene.get('/reports', issued), issued)
    await scene.latchkey.flush()
    const { lastUsedDate, lastUsedIpAddress } = json(await call('GET', `/${issued.id}`))
    assert.deepEqual([lastUsedDate, lastUsedIpAddress], ['2030-01-01T00:00:01.500Z', '127.0.0.1'])
  }),
  adminCase('update answers 204 and changes what is given, at once', async (scene, call) => {
    const issued = await scene.issue()
    expectLetIn(await scene.get('/reports', issued), issued)
    scene.wait(1_000)
    expectNoContent(await call('PUT', `/${issued.id}`, { name: 'renamed', additionalMetadata: { a: 1 } }))
    const after = json(await call('GET', `/${issued.id}`))
    assert.deepEqual([after.name, after.scopes, after.additionalMetadata], ['renamed', ['reports.read'], { a: 1 }])
    assert.equal(after.modifiedDate, iso(scene.now()))
    expectNoContent(await call('PUT', `/${issued.id}`, { scopes: ['logs.read'] }))
    assert.equal((await scene.get('/reports', issued)).status, 403)
  }),
  adminCase('disabling and enabling do not change modifiedDate', async (scene, call) => {
    const issued = await scene.issue()
    expectNoContent(await call('PUT', `/${issued.id}`, { enabled: false }))
    expectRefusal(await scene.get('/reports', issued), INVALID_TOKEN)
    const { enabled, modifiedDate } = json(await call('GET', `/${issued.id}`))
    assert.deepEqual([enabled, modifiedDate], [false, undefined])
    expectNoContent(await call('PUT', `/${issued.id}`, { enabled: true }))
    expectLetIn(await scene.get('/reports', issued), issued)
  }),
  adminCase('the answer of get can be sent to update, and changes nothing', async (scene, call) => {
    const { id } = json(await call('POST', '', FULL))
    await scene.unchanged(async () => {
      expectNoContent(await call('PUT', `/${id}`, json(await call('GET', `/${id}`))))
      expectNoContent(await call('PUT', `/${id}`, { name: null, enabled: null, scopes: null, allowedCIDRBlocks: null }))
      expectNoContent(await call('PUT', `/${id}`, {}))
    })
  }),
  adminCase('null counts as absent in create, and read-only members are ignored', async (_scene, call) => {
    const created = await call('POST', '', {
      name: 'n',
      scopes: ['a'],
      personalAccessToken: null,
      owner: null,
      enabled: null,
      expirationDate: null,
      allowedCIDRBlocks: null,
      additionalMetadata: null,
      id: 'x',
      creationDate: 'y',
      lastUsedDate: 'z',
      modifiedDate: 1,
      rotationDate: {},
      previousSecret: [],
    })
    assert.equal(created.status, 201)
    const { id, creationDate, enabled, owner } = json(await call('GET', `/${json(created).id}`))
    assert.deepEqual([enabled, owner, creationDate], [true, 'root', iso(BEGIN)])
    assert.notEqual(id, 'x')
  }),
  adminCase('delete answers 204 once, and the token is refused', async (scene, call) => {
    const issued = await scene.issue()
    expectLetIn(await scene.get('/reports', issued), issued)
    expectNoContent(await call('DELETE', `/${issued.id}`))
    expectRefusal(await scene.get('/reports', issued), INVALID_TOKEN)
    for (const method of ['DELETE', 'GET']) expectError(await call(method, `/${issued.id}`), 404)
    expectError(await call('PUT', `/${issued.id}`, { name: 'x' }), 404)
    expectError(await call('POST', `/${issued.id}/rotate`), 404)
    assert.equal((await scene.records()).length, 1)
  }),
  adminCase('a whole token in the path names nothing', async (scene, call) => {
    const { token } = await scene.issue()
    await scene.unchanged(async () => expectError(await call('DELETE', `/${token}`), 404))
  }),
  adminCase('delete also takes a whole token if the host allows it', { secretInPath: true }, async (scene, call) => {
    const issued = await scene.issue()
    const fresh = await scene.latchkey.rotate(issued.id)
    await scene.unchanged(async () => {
      expectError(await call('DELETE', `/${issued.token}`), 404)
      for (const method of ['GET', 'PUT']) {
        expectError(await call(method, `/${fresh.token}`, method === 'PUT' ? {} : undefined), 404)
      }
    })
    expectNoContent(await call('DELETE', `/${fresh.token}`))
    assert.equal((await scene.records()).length, 1)
  }),
]
