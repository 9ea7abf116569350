import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import {
  expectError,
  expectNoContent,
  expectRefusal,
  INVALID_TOKEN,
  insufficientScope,
  NO_CREDENTIAL,
  TOKENS_UNAVAILABLE,
} from './answers.js'
import { bearer, json } from './http.js'
import { adminCase, administrator, callsWith, MOUNT, routesCase, type SceneOptions } from './scene.js'
import { as, authorize, SIGN_IN_FAILED } from './sign-in.js'

const SIGN_IN: SceneOptions = { authorize }
const NOT_SIGNED_IN = { ...NO_CREDENTIAL, message: 'Sign in, or send a token.' }

export const routesAuthorizeCases: readonly AdapterCase[] = [
  routesCase('a signed-in caller manages without a token', SIGN_IN, async (scene) => {
    const call = callsWith(scene, as('carol'))
    const created = await call('POST', '', { name: 'mine', scopes: ['reports.read'] })
    assert.equal(created.status, 201)
    const { id } = json<{ id: string }>(created)
    assert.equal(json<{ owner: string }>(await call('GET', `/${id}`)).owner, 'carol')
    expectNoContent(await call('PUT', `/${id}`, { enabled: false }))
    expectNoContent(await call('DELETE', `/${id}`))
  }),
  adminCase('without a signed-in caller a token is needed', SIGN_IN, async (scene, _call, admin) => {
    for (const headers of [[], as('nobody')]) expectRefusal(await scene.send({ path: MOUNT, headers }), NOT_SIGNED_IN)
    assert.equal((await scene.get(MOUNT, admin)).status, 200)
  }),
  routesCase('a signed-in caller without the scope is refused, and no token is spoken of', SIGN_IN, async (scene) => {
    const call = callsWith(scene, as('reader'))
    assert.equal((await call('GET', '')).status, 200)
    await scene.unchanged(async () => {
      const reply = await call('POST', '', { name: 'n', scopes: ['a'] })
      const refusal = {
        ...insufficientScope(['apiTokens.write']),
        message: 'The caller lacks the scope apiTokens.write.',
      }
      expectRefusal(reply, refusal)
      expectRefusal(await call('DELETE', '/self'), refusal)
    })
  }),
  routesCase('a signed-in caller has no self, and may delete any token by its id', SIGN_IN, async (scene) => {
    const call = callsWith(scene, as('carol'))
    expectError(await call('GET', '/self'), 404)
    expectError(await call('DELETE', '/self'), 404)
    expectError(await call('POST', '/self/rotate'), 404)
    const { admin } = await administrator(scene)
    expectNoContent(await callsWith(scene, [...as('root'), ...bearer(admin)])('DELETE', `/${admin.id}`))
  }),
  adminCase(
    'a signed-in caller whose access has expired is refused, and no token is spoken of',
    SIGN_IN,
    async (scene, _call, admin) => {
      const { id, token } = await scene.issue()
      const call = callsWith(scene, [...as('ended'), ...bearer(admin)])
      await scene.unchanged(async () => {
        for (const [method, path, body] of [
          ['GET', ''],
          ['GET', `/${id}`],
          ['POST', '', { name: 'n', scopes: ['a'] }],
          ['POST', '/lookup', { token }],
          ['POST', '/revoke', { token }],
          ['PUT', `/${id}`, { enabled: false }],
          ['DELETE', `/${id}`],
          ['POST', `/${id}/rotate`],
        ] as const) {
          expectRefusal(await call(method, path, body), {
            ...INVALID_TOKEN,
            message: "The caller's access has expired.",
          })
        }
      })
    },
  ),
  adminCase('a signed-in caller outside its own networks is refused', SIGN_IN, async (scene, _call, admin) => {
    const { id, token } = await scene.issue()
    const call = callsWith(scene, [...as('elsewhere'), ...bearer(admin)])
    await scene.unchanged(async () => {
      for (const [method, path, body] of [
        ['GET', ''],
        ['POST', '', { name: 'n', scopes: ['a'], allowedCIDRBlocks: ['192.0.2.0/24'] }],
        ['POST', '/revoke', { token }],
        ['DELETE', `/${id}`],
      ] as const) {
        expectError(await call(method, path, body), 403)
      }
    })
  }),
  adminCase('a StoreError of the sign-in is answered 503', SIGN_IN, async (scene, _call, admin) => {
    const call = callsWith(scene, [...as('unavailable'), ...bearer(admin)])
    await scene.unchanged(async () => {
      for (const reply of [await call('GET', ''), await call('POST', '', { name: 'n', scopes: ['a'] })]) {
        expectRefusal(reply, TOKENS_UNAVAILABLE)
      }
    })
    assert.deepEqual(scene.errors, [])
  }),
  routesCase('a signed-in caller cannot grant more than it has', SIGN_IN, async (scene) => {
    const carol = callsWith(scene, as('carol'))
    const restricted = callsWith(scene, as('restricted'))
    const weak = await scene.issue()
    const strong = await scene.issue({ scopes: ['*'] })
    const disabled = await scene.issue({ scopes: ['*'], enabled: false })
    const asked = { name: 'n', scopes: ['reports.read'] }
    await scene.unchanged(async () => {
      for (const [call, body] of [
        [carol, { ...asked, scopes: ['logs.read'] }],
        [carol, { ...asked, scopes: ['*'] }],
        [carol, { ...asked, scopes: ['reports'] }],
        [carol, { ...asked, owner: 'root' }],
        [restricted, asked],
        [restricted, { ...asked, allowedCIDRBlocks: [], expirationDate: '2030-06-01' }],
        [restricted, { ...asked, allowedCIDRBlocks: ['126.0.0.0/7'], expirationDate: '2030-06-01' }],
        [restricted, { ...asked, allowedCIDRBlocks: ['127.0.0.0/8'], expirationDate: '2031-01-02' }],
        [restricted, { ...asked, allowedCIDRBlocks: ['127.0.0.0/8'] }],
      ] as const) {
        assert.equal((await call('POST', '', body)).status, 403, JSON.stringify(body))
      }
      assert.equal((await carol('POST', `/${strong.id}/rotate`)).status, 403)
      assert.equal((await carol('PUT', `/${weak.id}`, { scopes: ['reports.read', 'logs.read'] })).status, 403)
      assert.equal((await carol('PUT', `/${weak.id}`, { scopes: ['*'] })).status, 403)
      assert.equal((await carol('PUT', `/${disabled.id}`, { enabled: true })).status, 403)
    })
    const within = { ...asked, allowedCIDRBlocks: ['127.0.0.128/25'], expirationDate: '2030-06-01' }
    assert.equal((await restricted('POST', '', within)).status, 201)
    assert.equal((await callsWith(scene, as('root'))('POST', '', { ...asked, owner: 'erin' })).status, 201)
  }),
  adminCase(
    'any other error of the sign-in, and an invalid caller, reach the error handling',
    SIGN_IN,
    async (scene, _call, admin) => {
      await scene.unchanged(async () => {
        for (const session of ['failing', 'invalid']) {
          const call = callsWith(scene, [...as(session), ...bearer(admin)])
          assert.equal((await call('POST', '', { name: 'n', scopes: ['a'] })).status, 500)
        }
      })
      assert.equal(scene.errors[0], SIGN_IN_FAILED)
      assert.ok(scene.errors[1] instanceof TypeError)
    },
  ),
]
