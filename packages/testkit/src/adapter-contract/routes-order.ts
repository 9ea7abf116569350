import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import { essenceOf, expectError, expectHostsOwn404, expectRefusal, NO_CREDENTIAL } from './answers.js'
import { bearer, json, type Reply } from './http.js'
import { adminCase, administrator, callsWith, MOUNT, routesCase, UNKNOWN_ID } from './scene.js'

/** The status, and whether violations were named. */
function outcome(reply: Reply): string {
  const { error } = json<{ error: { constraintViolations?: unknown[] } }>(reply)
  return error.constraintViolations === undefined ? `${reply.status}` : `${reply.status} with violations`
}

export const routesOrderCases: readonly AdapterCase[] = [
  routesCase('of several errors, the first in the documented order is answered', async (scene) => {
    const weak = await scene.issue()
    const strong = await scene.issue({ scopes: ['*'] })
    const disabled = await scene.issue({ scopes: ['*'], enabled: false })
    const { admin, call } = await administrator(scene, { scopes: ['apiTokens.*', 'reports.read'] })
    const ask = (method: string, path: string, headers: readonly string[], type: string, body: string) =>
      scene.send({ method, path: MOUNT + path, headers: [...headers, 'Content-Type', type], body })
    const tooLarge = '{'.repeat(70_000)

    await scene.unchanged(async () => {
      const steps: [string, Reply][] = [
        ['405', await ask('PATCH', `/${UNKNOWN_ID}`, [], 'text/plain', tooLarge)],
        ['400', await ask('PUT', `/${UNKNOWN_ID}`, [...bearer(weak), ...bearer(weak)], 'text/plain', tooLarge)],
        ['401', await ask('PUT', `/${UNKNOWN_ID}`, [], 'text/plain', tooLarge)],
        ['403', await ask('PUT', `/${UNKNOWN_ID}`, bearer(weak), 'text/plain', tooLarge)],
        ['415', await ask('PUT', `/${UNKNOWN_ID}`, bearer(admin), 'text/plain', tooLarge)],
        ['413', await ask('PUT', `/${UNKNOWN_ID}`, bearer(admin), 'application/json', tooLarge)],
        ['400', await ask('PUT', `/${UNKNOWN_ID}`, bearer(admin), 'application/json', '{')],
        ['400 with violations', await call('PUT', `/${UNKNOWN_ID}`, { enabled: 1, name: '' })],
        ['404', await call('PUT', `/${UNKNOWN_ID}`, { enabled: false, scopes: ['*'] })],
        ['400', await call('PUT', '/self', { enabled: false, scopes: ['*'] })],
        ['403 with violations', await call('POST', `/${disabled.id}/rotate`)],
        ['400 with violations', await call('POST', `/${strong.id}/rotate`, { expirationDate: 'now-1d' })],
      ]
      assert.deepEqual(
        steps.map(([, reply]) => outcome(reply)),
        steps.map(([expected]) => expected),
      )
    })
  }),
  adminCase('a wrong state is answered before a lost race', async (scene, call) => {
    const disabled = await scene.issue({ enabled: false })
    const enabled = await scene.issue()
    scene.store.loseRaces(1)
    assert.equal(outcome(await call('POST', `/${disabled.id}/rotate`)), '400')
    assert.equal(outcome(await call('POST', `/${enabled.id}/rotate`)), '409')
    assert.equal((await call('POST', `/${enabled.id}/rotate`)).status, 200)
  }),
  adminCase('an update that loses a race is tried again, three times in all', async (scene, call) => {
    const { id } = await scene.issue()
    scene.store.loseRaces(2)
    assert.equal((await call('PUT', `/${id}`, { name: 'second try' })).status, 204)
    scene.store.loseRaces(3)
    assert.equal(outcome(await call('PUT', `/${id}`, { name: 'never' })), '409')
  }),
  adminCase('the calling token is read from the store for every management call', async (scene, call, admin) => {
    await scene.issue()
    assert.equal((await call('GET', '')).status, 200)
    const before = scene.latchkey.stats().storeReads
    assert.equal((await call('POST', '', { name: 'n', scopes: ['a'] })).status, 201)
    assert.ok(scene.latchkey.stats().storeReads > before)
    await scene.latchkey.update(admin.id, { enabled: false })
    assert.equal((await callsWith(scene, bearer(admin))('POST', '', { name: 'n', scopes: ['a'] })).status, 401)
  }),
]

const NOT_ALLOWED: readonly (readonly [method: string, path: string, allow: string])[] = [
  ['PUT', '', 'GET, HEAD, POST'],
  ['DELETE', '/', 'GET, HEAD, POST'],
  ['GET', '/lookup', 'POST'],
  ['HEAD', '/lookup', 'POST'],
  ['DELETE', '/revoke', 'POST'],
  ['PUT', '/lookup/', 'POST'],
  ['POST', '/openapi.json', 'GET, HEAD'],
  ['POST', `/${UNKNOWN_ID}`, 'GET, HEAD, PUT, DELETE'],
  ['PATCH', '/self', 'GET, HEAD, PUT, DELETE'],
  ['PROPFIND', '/anything', 'GET, HEAD, PUT, DELETE'],
  ['GET', `/${UNKNOWN_ID}/rotate`, 'POST'],
  ['PUT', '/self/rotate/finish', 'POST'],
  ['HEAD', '/self/rotate/cancel', 'POST'],
]

export const routesPathCases: readonly AdapterCase[] = [
  routesCase('a known path with another method is 405 with Allow, for anybody', async (scene) => {
    for (const [method, path, allow] of NOT_ALLOWED) {
      const reply = await scene.send({ method, path: MOUNT + path })
      if (method === 'PROPFIND' && scene.facts.routesKnownMethodsOnly) {
        expectHostsOwn404(reply)
        continue
      }
      assert.deepEqual([reply.status, reply.headers.allow], [405, allow], `${method} ${path}`)
      assert.equal(reply.headers['www-authenticate'], undefined)
      if (method !== 'HEAD') expectError(reply, 405)
    }
  }),
  adminCase('OPTIONS and unknown paths are left to the host', async (scene, call) => {
    for (const path of ['', `/${UNKNOWN_ID}`, '/lookup', `/${UNKNOWN_ID}/rotate`])
      expectHostsOwn404(await call('OPTIONS', path))
    const below = ['/rotat', '/rotate/x', '/rotate/finish/x'].map((path) => `/${UNKNOWN_ID}${path}`)
    for (const path of [...below, '/a/b', '/a/b/c/d', 'X', '.json', '/a//']) {
      for (const method of ['GET', 'POST', 'DELETE']) expectHostsOwn404(await call(method, path))
    }
    for (const path of ['/', '/api', '/api/v2', '/API/V2/x', '/api/v2/apiToken']) {
      expectHostsOwn404(await scene.get(path))
    }
  }),
  adminCase('a slash at the end makes no difference', async (_scene, call, admin) => {
    for (const path of ['', `/${admin.id}`, '/self']) {
      assert.deepEqual(essenceOf(await call('GET', `${path}/`)), essenceOf(await call('GET', path)))
    }
    assert.equal((await call('POST', '/lookup/', { token: admin.token })).status, 200)
  }),
  adminCase('HEAD is answered as GET, without the body', async (scene, call) => {
    for (const path of ['', '/self', `/${UNKNOWN_ID}`, '?pageSize=1']) {
      const [get, head] = [essenceOf(await call('GET', path)), essenceOf(await call('HEAD', path))]
      assert.deepEqual(head, { ...get, text: '' })
      assert.notEqual(get.text, '')
    }
    assert.equal((await scene.send({ method: 'HEAD', path: MOUNT })).status, 401)
  }),
  adminCase('ids are decoded once; anything else is 404', async (scene, call, admin) => {
    const encoded = `/%61cme%2e${admin.id.slice(5)}`
    for (const path of [encoded, '/%73elf', '/s%65lf']) {
      const reply = await call('GET', path)
      assert.deepEqual([reply.status, json<{ id: string }>(reply).id], [200, admin.id])
    }
    const undecodable = ['/%', '/%zz', '/%ff']
    for (const path of scene.facts.refusesUndecodablePaths ? undecodable : []) {
      assert.equal((await call('DELETE', path)).status, 400)
    }
    const none = [
      ...(scene.facts.refusesUndecodablePaths ? [] : undecodable),
      ...(scene.facts.resolvesDots ? [] : ['/%2e%2e']),
      ...'/%2573elf /%00 /..%2f /a%2fb /__proto__ /constructor /SELF /self;x'.split(' '),
      ...[`/${admin.id}%00`, `/${admin.id}%20`, `/${admin.id.toLowerCase()}`, `/${'x'.repeat(10_000)}`],
    ]
    for (const path of none) expectError(await call('GET', path), 404)
    await scene.unchanged(async () => {
      for (const path of none) expectError(await call('DELETE', path), 404)
    })
  }),
  adminCase('of a target with an origin or a fragment, path and query count', async (scene, _call, admin) => {
    const headers = bearer(admin)
    for (const path of [`http://localhost${MOUNT}`, `${MOUNT}#?pageSize=1`, `${MOUNT}?pageSize=200#x`]) {
      assert.equal((await scene.send({ path, headers })).status, 200, path)
    }
    assert.equal((await scene.send({ path: `http://localhost${MOUNT}?pageSize=1`, headers })).status, 400)
    expectHostsOwn404(await scene.send({ path: 'http://localhost/x', headers }))
  }),
  adminCase('an encoded name of an operation is an id', async (_scene, call) => {
    assert.equal((await call('POST', '/%6cookup', { token: 'x' })).status, 405)
    expectError(await call('GET', '/%6cookup'), 404)
  }),
  adminCase('Location follows the mount: /tokens', { mount: '/tokens' }, async (scene, _call, admin) => {
    const call = callsWith(scene, bearer(admin), '/tokens')
    const reply = await call('POST', '?x=1', { name: 'n', scopes: ['a'] })
    assert.equal(reply.status, 201)
    assert.equal(reply.headers.location, `/tokens/${json<{ id: string }>(reply).id}`)
    assert.equal((await scene.get(String(reply.headers.location), admin)).status, 200)
    expectHostsOwn404(await scene.get(MOUNT, admin))
  }),
  adminCase('Location follows the mount: the root', { mount: '' }, async (scene, _call, admin) => {
    const reply = await callsWith(scene, bearer(admin), '')('POST', '/', { name: 'n', scopes: ['a'] })
    assert.equal(reply.headers.location, `/${json<{ id: string }>(reply).id}`)
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
