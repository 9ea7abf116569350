import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import { expectError, expectNoContent, expectRefusal, INVALID_TOKEN, insufficientScope } from './answers.js'
import { bearer, json } from './http.js'
import { administrator, callsWith, routesCase } from './scene.js'

const WRITE = insufficientScope(['apiTokens.write'])
const READ = insufficientScope(['apiTokens.read'])

export const routesOwnTokenCases: readonly AdapterCase[] = [
  routesCase('any token may read itself, as self and by its id, and no other', async (scene) => {
    const issued = await scene.issue()
    const other = await scene.issue()
    const call = callsWith(scene, bearer(issued))
    for (const path of ['/self', `/${issued.id}`]) {
      const reply = await call('GET', path)
      assert.deepEqual([reply.status, (json(reply) as { id: string }).id], [200, issued.id])
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
      const fresh = callsWith(scene, bearer(json(rotated) as { token: string }))
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
  routesCase('nobody disables the token that authenticates, nor deletes it by its id', async (scene) => {
    const { admin, call } = await administrator(scene)
    await scene.unchanged(async () => {
      for (const path of ['/self', `/${admin.id}`]) expectError(await call('PUT', path, { enabled: false }), 400)
      expectError(await call('DELETE', `/${admin.id}`), 400)
      expectError(await call('DELETE', `/${admin.token}`), 400)
    })
    expectNoContent(await call('PUT', '/self', { name: 'still here', enabled: true }))
    expectNoContent(await call('DELETE', '/self'))
  }),
  routesCase('a claimed id helps nobody whose secret is wrong', async (scene) => {
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
