import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import {
  EMPTY_KEY,
  expectLetIn,
  expectRefusal,
  INVALID_TOKEN,
  insufficientScope,
  NO_CREDENTIAL,
  NO_TOKEN_SENT,
  REPEATED,
  UNAVAILABLE,
} from './answers.js'
import { apiKey, basic, bearer, json } from './http.js'
import { guardCase, MOUNT, render } from './scene.js'

export const guardOptionsCases: readonly AdapterCase[] = [
  guardCase('an optional guard lets in without a credential, and then there is no token', async (scene) => {
    for (const headers of [[], basic]) {
      const reply = await scene.send({ path: '/optional', headers })
      assert.equal(reply.status, 200)
      assert.deepEqual(json(reply), { token: null })
      assert.equal(reply.headers['cache-control'], undefined)
    }
    assert.deepEqual(scene.handled, [undefined, undefined])
    const issued = await scene.issue()
    for (const headers of [bearer(issued), apiKey(issued)]) {
      expectLetIn(await scene.send({ path: '/optional', headers }), issued)
    }
  }),
  guardCase('an optional guard takes away what stood in the place of the token', async (scene) => {
    assert.deepEqual(json(await scene.get('/optional-planted')), { token: null })
    const issued = await scene.issue()
    expectLetIn(await scene.get('/optional-planted', issued), issued)
  }),
  guardCase('an optional guard refuses a bad credential as any guard does', async (scene) => {
    const gone = await scene.issue()
    await scene.latchkey.delete(gone.id)
    const less = await scene.issue({ scopes: ['logs.read'] })
    for (const [headers, refusal] of [
      [bearer({ token: 'x' }), INVALID_TOKEN],
      [apiKey(gone), INVALID_TOKEN],
      [bearer(less), insufficientScope(['reports.read'])],
      [['Authorization', 'Bearer'], NO_TOKEN_SENT],
      [['X-API-Key', ''], EMPTY_KEY],
      [[...bearer(less), ...bearer(less)], REPEATED],
      [[...basic, ...basic], REPEATED],
    ] as const) {
      expectRefusal(await scene.send({ path: '/optional', headers }), refusal)
    }
    assert.deepEqual(scene.handled, [])
  }),
  guardCase(
    'an optional guard is a 503 while the token cannot be checked, and never lets in without it',
    async (scene) => {
      const issued = await scene.issue()
      scene.store.cut(true)
      expectRefusal(await scene.get('/optional', issued), UNAVAILABLE)
      assert.deepEqual(scene.handled, [])
      assert.equal((await scene.get('/optional')).status, 200)
    },
  ),
  guardCase('a guard beside an optional one needs its token all the same', async (scene) => {
    const less = await scene.issue({ scopes: ['logs.read'] })
    const issued = await scene.issue()
    for (const path of ['/optional-then-needed', '/needed-then-optional']) {
      expectRefusal(await scene.get(path), NO_CREDENTIAL)
      expectRefusal(await scene.get(path, less), insufficientScope(['reports.read']))
      expectLetIn(await scene.get(path, issued), issued)
    }
    assert.equal(scene.handled.length, 2)
  }),
  ...(['dynatrace', 'panther'] as const).map((errors) =>
    guardCase(
      `guards refuse in the form of ${errors} if the adapter is told so`,
      { adapter: { errors } },
      async (scene) => {
        const reply = await scene.get('/any')
        const { status, challenge, message } = NO_CREDENTIAL
        const body = errors === 'panther' ? { message } : { error: { code: status, message } }
        assert.deepEqual([reply.status, json(reply)], [status, body])
        assert.equal(reply.headers['content-type'], 'application/json; charset=utf-8')
        assert.equal(reply.headers['www-authenticate'], challenge)
      },
    ),
  ),
  guardCase(
    'the property of the adapter is where handlers find the token',
    { adapter: { property: 'key' } },
    async (scene) => {
      const issued = await scene.issue()
      expectLetIn(await scene.get('/reports', issued), issued)
      expectLetIn(await scene.get('/twice', issued), issued)
      assert.deepEqual(json(await scene.get('/optional-planted')), { token: null })
    },
  ),
  guardCase(
    "the adapter's onDenied renders for guards without one, and for the routes",
    { adapter: { onDenied: adapters } },
    async (scene) => {
      const denied = async (path: string) => {
        const reply = await scene.get(path)
        assert.equal(reply.status, 418, path)
        return json(reply)
      }
      assert.deepEqual(await denied('/reports'), { adapter: 'no_credential' })
      assert.deepEqual(await denied(MOUNT), { adapter: 'no_credential' })
      assert.deepEqual(await denied('/rendered'), { rendered: { reason: 'no_credential' }, instead: 401 })
      assert.deepEqual(scene.handled, [])
      const issued = await scene.issue()
      expectLetIn(await scene.get('/reports', issued), issued)
      assert.equal((await scene.get(`${MOUNT}/self`, issued)).status, 200)
    },
  ),
  guardCase(
    'the onDenied of the routes goes before that of the adapter',
    { adapter: { onDenied: adapters }, onDenied: render },
    async (scene) => {
      const ofRoutes = await scene.get(MOUNT)
      assert.deepEqual(
        [ofRoutes.status, json(ofRoutes)],
        [418, { rendered: { reason: 'no_credential' }, instead: 401 }],
      )
      assert.deepEqual(json(await scene.get('/reports')), { adapter: 'no_credential' })
    },
  ),
]

function adapters({ denial }: Parameters<typeof render>[0]): object {
  return { adapter: denial.reason }
}
