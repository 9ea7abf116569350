import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import { expectError, expectNoContent, expectRefusal, NO_CREDENTIAL } from './answers.js'
import { bearer, json, type Reply } from './http.js'
import { adminCase, callsWith, MOUNT, RENDERING_FAILED, render, routesCase, type SceneOptions } from './scene.js'
import { as, authorize } from './sign-in.js'

const RENDERED: SceneOptions = { authorize, onDenied: render }
const SESSION_ONLY: SceneOptions = { authorize, sessionOnly: true }
const ASKED = { name: 'n', scopes: ['reports.read'] }

/** What `render` was told: the reason, and the status that would have been answered. */
function rendered(reply: Reply): unknown {
  assert.equal(reply.status, 418, reply.text)
  const { rendered: denial, instead } = json<{ rendered: { reason: string }; instead: number }>(reply)
  return [denial.reason, instead]
}

export const routesDeniedCases: readonly AdapterCase[] = [
  routesCase('onDenied renders what is refused of a caller, and says which kind', RENDERED, async (scene) => {
    const less = await scene.issue()
    const bound = await scene.issue({ scopes: ['*'], networks: ['192.0.2.0/24'] })
    const turned = await scene.issue({ scopes: ['*'] })
    await scene.latchkey.rotate(turned.id, { previousExpiresAt: scene.now() + 60_000 })
    const create = (headers: readonly string[]) => callsWith(scene, headers)('POST', '', ASKED)
    await scene.unchanged(async () => {
      for (const [headers, ...told] of [
        [[], 'no_credential', 401],
        [bearer({ token: 'x' }), 'malformed', 401],
        [[...bearer(less), ...bearer(less)], 'invalid_request', 400],
        [bearer(less), 'scope', 403],
        [bearer(bound), 'network', 403],
        [bearer(turned), 'outgoing_secret', 403],
        [as('reader'), 'scope', 403],
        [as('ended'), 'expired', 401],
        [as('elsewhere'), 'network', 403],
        [as('unavailable'), 'unavailable', 503],
        [[...as('carol'), 'Sec-Fetch-Site', 'cross-site'], 'cross_site', 403],
      ] as const) {
        assert.deepEqual(rendered(await create(headers)), told, headers.join())
      }
    })
    scene.store.cut(true)
    assert.deepEqual(rendered(await create(bearer(less))), ['unavailable', 503])
    scene.store.cut(false)
    assert.deepEqual(scene.errors, [])
  }),
  adminCase('onDenied is not asked about what an admitted caller asks for', RENDERED, async (scene, _call, admin) => {
    const call = callsWith(scene, as('carol'))
    expectError(await call('POST', '', {}), 400, ['name', 'scopes'])
    expectError(await call('GET', `/${admin.id.slice(0, -1)}${admin.id.endsWith('A') ? 'B' : 'A'}`), 404)
    expectError(await call('PATCH', ''), 405)
    assert.equal((await call('POST', '', { name: 'n', scopes: ['logs.read'] })).status, 403)
    assert.equal((await call('POST', '', ASKED)).status, 201)
    scene.store.cut(true)
    assert.equal((await call('GET', '')).status, 503)
  }),
  routesCase(
    'an error that the onDenied of the routes throws reaches the error handling, at once or late',
    {
      authorize,
      onDenied: ({ denial }) => {
        if (denial.reason === 'no_credential') throw RENDERING_FAILED
        return Promise.reject(RENDERING_FAILED)
      },
    },
    async (scene) => {
      await scene.unchanged(async () => {
        for (const headers of [[], bearer({ token: 'x' })]) {
          assert.equal((await callsWith(scene, headers)('POST', '', ASKED)).status, 500)
        }
      })
      assert.deepEqual(scene.errors, [RENDERING_FAILED, RENDERING_FAILED])
    },
  ),
  adminCase(
    'with sessionOnly a token opens nothing, and no token is spoken of',
    SESSION_ONLY,
    async (scene, _call, admin) => {
      const { id, token } = await scene.issue()
      const signIn = { ...NO_CREDENTIAL, message: 'Sign in to access this resource.' }
      const instead = { ...NO_CREDENTIAL, message: 'A token opens nothing here. Sign in.' }
      await scene.unchanged(async () => {
        for (const [method, path, body] of [
          ['GET', ''],
          ['GET', '/self'],
          ['GET', `/${id}`],
          ['POST', '', ASKED],
          ['POST', '/lookup', { token }],
          ['POST', '/revoke', { token }],
          ['PUT', `/${id}`, { enabled: false }],
          ['DELETE', `/${id}`],
          ['DELETE', '/self'],
          ['POST', `/${id}/rotate`],
          ['POST', '/self/rotate'],
        ] as const) {
          expectRefusal(await callsWith(scene, [])(method, path, body), signIn)
          expectRefusal(await callsWith(scene, as('nobody'))(method, path, body), signIn)
          expectRefusal(await callsWith(scene, bearer(admin))(method, path, body), instead)
          expectRefusal(await callsWith(scene, ['X-API-Key', ''])(method, path, body), instead)
        }
      })
      assert.equal(scene.latchkey.stats().verified, 0)
    },
  ),
  adminCase(
    'with sessionOnly a signed-in caller manages, and has no token',
    SESSION_ONLY,
    async (scene, _call, admin) => {
      const call = callsWith(scene, [...as('carol'), ...bearer(admin)])
      const created = await call('POST', '', ASKED)
      assert.equal(created.status, 201)
      const { id } = json<{ id: string }>(created)
      assert.equal(json<{ owner: string }>(await call('GET', `/${id}`)).owner, 'carol')
      expectError(await call('GET', '/self'), 404)
      expectNoContent(await call('DELETE', `/${id}`))
      const described = json<{ components: object }>(await call('GET', '/openapi.json'))
      assert.ok(!JSON.stringify(described).includes('security'))
    },
  ),
  adminCase(
    'with sessionOnly, onDenied is told that nobody is signed in',
    { ...SESSION_ONLY, onDenied: render },
    async (scene, _call, admin) => {
      for (const headers of [[], bearer(admin)]) {
        assert.deepEqual(rendered(await scene.send({ path: MOUNT, headers })), ['not_signed_in', 401])
      }
    },
  ),
]
