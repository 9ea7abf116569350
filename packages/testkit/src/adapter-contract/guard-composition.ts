import assert from 'node:assert/strict'
import type { Latchkey } from '@latchkey/core'
import type { AdapterCase } from './adapter-case.js'
import { expectLetIn, expectRefusal, INVALID_TOKEN, insufficientScope } from './answers.js'
import { bearer, json } from './http.js'
import { guardCase, MOUNT, RENDERING_FAILED, withScene } from './scene.js'

const FOREIGN = new Error("the host's own function failed")

export const guardCompositionCases: readonly AdapterCase[] = [
  guardCase('the handler gets the token as the host may know it, without a hash', async (scene) => {
    const { token, apiToken } = await scene.issue({ metadata: { team: 'billing' }, networks: ['127.0.0.0/8'] })
    const reply = await scene.get('/reports', { token })
    assert.deepEqual(json(reply), { token: apiToken })
    assert.deepEqual(scene.handled, [apiToken])
    assert.ok(!/secret|hash|tag|\$/i.test(JSON.stringify(scene.handled)))
  }),
  guardCase('several guards on one request verify the token once and count one use', async (scene) => {
    const issued = await scene.issue()
    expectLetIn(await scene.get('/twice', issued), issued)
    assert.equal(scene.latchkey.stats().verified, 1)
    expectLetIn(await scene.get('/twice', issued), issued)
    assert.equal(scene.latchkey.stats().verified, 2, 'another request is judged by itself')
  }),
  guardCase('a second guard that needs more scopes checks these too', async (scene) => {
    const less = await scene.issue()
    const refused = await scene.get('/twice-and-more', less)
    expectRefusal(refused, insufficientScope(['logs.read']))
    const more = await scene.issue({ scopes: ['reports.read', 'logs.read'] })
    expectLetIn(await scene.get('/twice-and-more', more), more)
    assert.equal(scene.handled.length, 1)
  }),
  guardCase('onDenied renders refusals and is not called otherwise', async (scene) => {
    const denied = async (headers: readonly string[]) => {
      const reply = await scene.send({ path: '/rendered', headers })
      assert.equal(reply.status, 418)
      return json(reply)
    }
    const less = await scene.issue({ scopes: ['logs.read'] })
    const issued = await scene.issue()
    assert.deepEqual(await denied([]), { rendered: { reason: 'no_credential' }, instead: 401 })
    assert.deepEqual(await denied(bearer({ token: 'x' })), { rendered: { reason: 'malformed' }, instead: 401 })
    assert.deepEqual(await denied(['X-API-Key', '']), { rendered: { reason: 'invalid_request' }, instead: 400 })
    const missing = { reason: 'scope', missing: ['reports.read'] }
    assert.deepEqual(await denied(bearer(less)), { rendered: missing, instead: 403 })
    scene.store.cut(true)
    assert.deepEqual(await denied(bearer(issued)), { rendered: { reason: 'unavailable' }, instead: 503 })
    assert.deepEqual(scene.handled, [])
    scene.store.cut(false)
    expectLetIn(await scene.get('/rendered', issued), issued)
  }),
  guardCase('an error that onDenied throws reaches the error handling, and nobody is let in', async (scene) => {
    const unknown = await scene.issue()
    await scene.latchkey.delete(unknown.id)
    // Refused without and with a look into the store: without and with a promise.
    for (const path of ['/rendering-fails', '/rendering-fails-late']) {
      for (const headers of [[], bearer(unknown)]) assert.equal((await scene.send({ path, headers })).status, 500)
    }
    assert.deepEqual([scene.errors, scene.handled], [Array(4).fill(RENDERING_FAILED), []])
  }),
  guardCase('an onDenied that throws nothing lets nobody in: frameworks take that for no error', async (scene) => {
    const unknown = await scene.issue()
    await scene.latchkey.delete(unknown.id)
    for (const headers of [[], bearer(unknown)]) {
      assert.equal((await scene.send({ path: '/rendering-fails-without-error', headers })).status, 500)
    }
    assert.deepEqual([scene.errors.length, scene.handled], [2, []])
  }),
  {
    group: 'guard',
    name: 'a function chooses the instance of each request, and tokens of one are unknown to the other',
    async run(mount) {
      const others: Latchkey[] = []
      const resolve = (request: { headers: Record<string, unknown> }, own: Latchkey) =>
        request.headers['x-environment'] === 'staging' ? (others[0] ?? own) : own
      await withScene(mount, { resolve }, async (scene) => {
        const staging = scene.node({ environment: 'staging' })
        others.push(staging)
        const here = await scene.issue({ scopes: ['*'] })
        const there = await staging.create({ name: 'there', owner: 'alice', scopes: ['*'] })
        const at = (environment: string, token: { token: string }) => ['X-Environment', environment, ...bearer(token)]
        for (const path of ['/reports', `${MOUNT}/self`]) {
          for (const [environment, token] of [
            ['production', here],
            ['staging', there],
          ] as const) {
            assert.equal((await scene.send({ path, headers: at(environment, token) })).status, 200)
          }
          for (const [environment, token] of [
            ['production', there],
            ['staging', here],
          ] as const) {
            expectRefusal(await scene.send({ path, headers: at(environment, token) }), INVALID_TOKEN)
          }
        }
      })
    },
  },
  guardCase(
    'an error that the host throws reaches the error handling, and nobody is let in',
    {
      resolve: () => {
        throw FOREIGN
      },
    },
    async (scene) => {
      const issued = await scene.issue({ scopes: ['*'] })
      for (const path of ['/reports', MOUNT]) {
        const reply = await scene.get(path, issued)
        assert.equal(reply.status, 500)
        assert.ok(!reply.text.includes(FOREIGN.message))
      }
      assert.deepEqual([scene.errors, scene.handled], [[FOREIGN, FOREIGN], []])
    },
  ),
  guardCase(
    'a function that throws nothing lets nobody in',
    {
      resolve: () => {
        const nothing: unknown = undefined
        throw nothing
      },
    },
    async (scene) => {
      const issued = await scene.issue({ scopes: ['*'] })
      for (const path of ['/reports', MOUNT]) assert.equal((await scene.get(path, issued)).status, 500)
      assert.deepEqual([scene.errors.length, scene.handled], [2, []])
    },
  ),
  guardCase(
    'a function that returns no instance is an error for the error handling',
    { resolve: () => ({}) as Latchkey },
    async (scene) => {
      const reply = await scene.send({ path: '/reports', headers: bearer(await scene.issue()) })
      assert.equal(reply.status, 500)
      assert.equal(scene.errors.length, 1)
      assert.deepEqual(scene.handled, [])
    },
  ),
  guardCase('HEAD is answered as GET, without a body', async (scene) => {
    const issued = await scene.issue()
    const get = await scene.get('/reports')
    const head = await scene.send({ method: 'HEAD', path: '/reports' })
    assert.deepEqual([head.status, head.text], [401, ''])
    for (const name of ['www-authenticate', 'content-type', 'content-length', 'cache-control']) {
      assert.equal(head.headers[name], get.headers[name])
    }
    const letIn = await scene.send({ method: 'HEAD', path: '/reports', headers: bearer(issued) })
    assert.equal(letIn.status, 200)
    assert.equal(scene.handled.length, 1)
  }),
]
