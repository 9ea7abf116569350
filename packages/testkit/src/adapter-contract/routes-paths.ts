import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import { essenceOf, expectError, expectHostsOwn404, expectRefusal, NO_CREDENTIAL } from './answers.js'
import { bearer, json } from './http.js'
import { administrator, callsWith, MOUNT, routesCase } from './scene.js'

const ID = `acme.${'A'.repeat(24)}`

const NOT_ALLOWED: readonly (readonly [method: string, path: string, allow: string])[] = [
  ['PUT', '', 'GET, HEAD, POST'],
  ['DELETE', '/', 'GET, HEAD, POST'],
  ['GET', '/lookup', 'POST'],
  ['HEAD', '/lookup', 'POST'],
  ['DELETE', '/revoke', 'POST'],
  ['PUT', '/lookup/', 'POST'],
  ['POST', '/openapi.json', 'GET, HEAD'],
  ['POST', `/${ID}`, 'GET, HEAD, PUT, DELETE'],
  ['PATCH', '/self', 'GET, HEAD, PUT, DELETE'],
  ['PROPFIND', '/anything', 'GET, HEAD, PUT, DELETE'],
  ['GET', `/${ID}/rotate`, 'POST'],
  ['PUT', '/self/rotate/finish', 'POST'],
  ['HEAD', '/self/rotate/cancel', 'POST'],
]

export const routesPathCases: readonly AdapterCase[] = [
  routesCase('a known path with another method is 405 with Allow, for anybody', async (scene) => {
    for (const [method, path, allow] of NOT_ALLOWED) {
      const reply = await scene.send({ method, path: MOUNT + path })
      assert.deepEqual([reply.status, reply.headers.allow], [405, allow], `${method} ${path}`)
      assert.equal(reply.headers['www-authenticate'], undefined)
      if (method !== 'HEAD') expectError(reply, 405)
    }
  }),
  routesCase('OPTIONS and unknown paths are left to the host', async (scene) => {
    const { call } = await administrator(scene)
    for (const path of ['', `/${ID}`, '/lookup', `/${ID}/rotate`]) expectHostsOwn404(await call('OPTIONS', path))
    const below = ['/rotat', '/rotate/x', '/rotate/finish/x'].map((path) => `/${ID}${path}`)
    for (const path of [...below, '/a/b', '/a/b/c/d', 'X', '.json', '/a//']) {
      for (const method of ['GET', 'POST', 'DELETE']) expectHostsOwn404(await call(method, path))
    }
    for (const path of ['/', '/api', '/api/v2', '/API/V2/x', '/api/v2/apiToken']) {
      expectHostsOwn404(await scene.get(path))
    }
  }),
  routesCase('a slash at the end makes no difference', async (scene) => {
    const { admin, call } = await administrator(scene)
    for (const path of ['', `/${admin.id}`, '/self']) {
      assert.deepEqual(essenceOf(await call('GET', `${path}/`)), essenceOf(await call('GET', path)))
    }
    assert.equal((await call('POST', '/lookup/', { token: admin.token })).status, 200)
  }),
  routesCase('HEAD is answered as GET, without the body', async (scene) => {
    const { call } = await administrator(scene)
    for (const path of ['', '/self', `/${ID}`, '?pageSize=1']) {
      const [get, head] = [essenceOf(await call('GET', path)), essenceOf(await call('HEAD', path))]
      assert.deepEqual(head, { ...get, text: '' })
      assert.notEqual(get.text, '')
    }
    assert.equal((await scene.send({ method: 'HEAD', path: MOUNT })).status, 401)
  }),
  routesCase('ids are decoded once; anything else is 404', async (scene) => {
    const { admin, call } = await administrator(scene)
    const encoded = `/%61cme%2e${admin.id.slice(5)}`
    for (const path of [encoded, '/%73elf', '/s%65lf']) {
      const reply = await call('GET', path)
      assert.deepEqual([reply.status, (json(reply) as { id: string }).id], [200, admin.id])
    }
    const none = [
      ...'/% /%zz /%ff /%2573elf /%00 /..%2f /%2e%2e /a%2fb /__proto__ /constructor /SELF /self;x'.split(' '),
      ...[`/${admin.id}%00`, `/${admin.id}%20`, `/${admin.id.toLowerCase()}`, `/${'x'.repeat(10_000)}`],
    ]
    for (const path of none) expectError(await call('GET', path), 404)
    await scene.unchanged(async () => {
      for (const path of none) expectError(await call('DELETE', path), 404)
    })
  }),
  routesCase('of a target with an origin or a fragment, path and query count', async (scene) => {
    const { admin } = await administrator(scene)
    const headers = bearer(admin)
    for (const path of [`http://localhost${MOUNT}`, `${MOUNT}#?pageSize=1`, `${MOUNT}?pageSize=200#x`]) {
      assert.equal((await scene.send({ path, headers })).status, 200, path)
    }
    assert.equal((await scene.send({ path: `http://localhost${MOUNT}?pageSize=1`, headers })).status, 400)
    expectHostsOwn404(await scene.send({ path: 'http://localhost/x', headers }))
  }),
  routesCase('an encoded name of an operation is an id', async (scene) => {
    const { call } = await administrator(scene)
    assert.equal((await call('POST', '/%6cookup', { token: 'x' })).status, 405)
    expectError(await call('GET', '/%6cookup'), 404)
  }),
  routesCase('Location follows the mount: /tokens', { mount: '/tokens' }, async (scene) => {
    const { admin } = await administrator(scene)
    const call = callsWith(scene, bearer(admin), '/tokens')
    const reply = await call('POST', '?x=1', { name: 'n', scopes: ['a'] })
    assert.equal(reply.status, 201)
    assert.equal(reply.headers.location, `/tokens/${(json(reply) as { id: string }).id}`)
    assert.equal((await scene.get(String(reply.headers.location), admin)).status, 200)
    expectHostsOwn404(await scene.get(MOUNT, admin))
  }),
  routesCase('Location follows the mount: the root', { mount: '' }, async (scene) => {
    const { admin } = await administrator(scene)
    const reply = await callsWith(scene, bearer(admin), '')('POST', '/', { name: 'n', scopes: ['a'] })
    assert.equal(reply.headers.location, `/${(json(reply) as { id: string }).id}`)
  }),
  routesCase('every operation without a credential is 401, and writes nothing', async (scene) => {
    const { id } = await scene.issue()
    const call = callsWith(scene, [])
    await scene.unchanged(async () => {
      for (const [method, path, body] of [
        ['GET', ''],
        ['POST', '', { name: 'n', scopes: ['a'] }],
        ['POST', '/lookup', { token: 'x' }],
        ['POST', '/revoke', { token: 'x' }],
        ['GET', `/${id}`],
        ['GET', '/self'],
        ['PUT', `/${id}`, { enabled: false }],
        ['DELETE', `/${id}`],
        ['DELETE', '/self'],
        ['POST', `/${id}/rotate`],
        ['POST', `/${id}/rotate/finish`],
        ['POST', `/${id}/rotate/cancel`],
      ] as const) {
        expectRefusal(await call(method, path, body), NO_CREDENTIAL)
      }
    })
  }),
]
