import assert from 'node:assert/strict'
import type { IssuedToken } from '@latchkey/core'
import type { AdapterCase } from './adapter-case.js'
import {
  expectTwice,
  INVALID_TOKEN,
  insufficientScope,
  type Refusal,
  WRONG_ADDRESS,
  WRONG_RESOURCE,
} from './answers.js'
import { bearer, json } from './http.js'
import { callsWith, guardCase, type Scene } from './scene.js'

function expectAt(
  scene: Scene,
  path: string,
  issued: IssuedToken,
  named: string | undefined,
  expected: Refusal | 'let in',
): Promise<void> {
  const headers = [...bearer(issued), ...(named === undefined ? [] : ['X-Resource', named])]
  return expectTwice(scene, { path, headers }, issued, expected)
}

/** What the host's function says where it cannot tell the resource, and what clients may make it say. */
const UNNAMED = [undefined, 'throws', 'rejects', 'is no text', 'is empty']
const OUTSIDE = [
  'project',
  'project:',
  ':1',
  'project:*',
  'team:1 project:*',
  '*',
  'project:undefined',
  `p:${'1'.repeat(200)}`,
]

/** Which resources a token is bound to, and which a guard asks for. */
export const guardResourceCases: readonly AdapterCase[] = [
  guardCase('a bound token is let in for the resources that it is bound to, all that are named', async (scene) => {
    const issued = await scene.issue({ resources: ['project:1', 'project:2', 'team:*'] })
    for (const named of ['project:1', 'project:2', 'team:7', 'project:1 team:7', 'project:2 project:1']) {
      await expectAt(scene, '/resource', issued, named, 'let in')
    }
    for (const named of ['project:3', 'PROJECT:1', 'project:11', 'project:1 project:3', 'teams:7', 'project:1/2']) {
      await expectAt(scene, '/resource', issued, named, WRONG_RESOURCE)
    }
  }),
  guardCase('a token that is not bound is let in for every resource', async (scene) => {
    const issued = await scene.issue()
    for (const named of ['project:1', 'team:7 project:3']) await expectAt(scene, '/resource', issued, named, 'let in')
  }),
  guardCase(
    'where the host names no resource, or not well, nobody is let in, and nothing is an error',
    async (scene) => {
      const tokens = [await scene.issue(), await scene.issue({ resources: ['project:*', 'team:*', 'p:*'] })]
      for (const named of [...UNNAMED, ...OUTSIDE]) {
        for (const issued of tokens) await expectAt(scene, '/resource', issued, named, WRONG_RESOURCE)
      }
      assert.deepEqual([scene.errors, scene.handled], [[], []])
    },
  ),
  guardCase('a guard that names no resource refuses bound tokens, and no others', async (scene) => {
    const bound = await scene.issue({ resources: ['project:*'] })
    const free = await scene.issue()
    for (const path of ['/any', '/reports']) {
      await expectAt(scene, path, bound, 'project:1', WRONG_RESOURCE)
      await expectAt(scene, path, free, 'project:1', 'let in')
    }
  }),
  guardCase('a guard for any resource lets bound tokens in', async (scene) => {
    const issued = await scene.issue({ resources: ['project:1'] })
    await expectAt(scene, '/any-resource', issued, undefined, 'let in')
  }),
  guardCase('a second guard judges the resource that it names, and again where it names none', async (scene) => {
    const bound = await scene.issue({ resources: ['project:1'] })
    const free = await scene.issue()
    for (const issued of [bound, free]) {
      await expectAt(scene, '/any-and-resource', issued, 'project:1', 'let in')
      await expectAt(scene, '/any-and-resource', issued, 'project:*', WRONG_RESOURCE)
    }
    await expectAt(scene, '/any-and-resource', bound, 'project:2', WRONG_RESOURCE)
    await expectAt(scene, '/resource-and-none', bound, 'project:1', WRONG_RESOURCE)
    await expectAt(scene, '/resource-and-none', free, 'project:1', 'let in')
    const { verified } = scene.latchkey.stats()
    await scene.send({ path: '/any-and-resource', headers: [...bearer(bound), 'X-Resource', 'project:1'] })
    assert.equal(scene.latchkey.stats().verified, verified + 1, 'one request is one use')
  }),
  guardCase('the resource is judged last: after the secret, the address and the scopes', async (scene) => {
    const resources = ['project:1']
    const away = await scene.issue({ resources, networks: ['192.0.2.0/24'], scopes: ['logs.read'] })
    await expectAt(scene, '/resource', away, 'project:2', WRONG_ADDRESS)
    const less = await scene.issue({ resources, scopes: ['logs.read'] })
    await expectAt(scene, '/resource', less, 'project:2', insufficientScope(['reports.read']))
    const ended = await scene.issue({ resources })
    await scene.latchkey.rotate(ended.id)
    await expectAt(scene, '/resource', ended, 'project:2', INVALID_TOKEN)
  }),
  guardCase('a token that is bound anew is judged by its new resources at once', async (scene) => {
    const issued = await scene.issue({ resources: ['project:1'] })
    await expectAt(scene, '/resource', issued, 'project:2', WRONG_RESOURCE)
    await scene.latchkey.update(issued.id, { resources: ['project:2'] })
    await expectAt(scene, '/resource', issued, 'project:2', 'let in')
    await expectAt(scene, '/resource', issued, 'project:1', WRONG_RESOURCE)
  }),
  guardCase('a bound token manages tokens, which it cannot give more than it has', async (scene) => {
    const scopes = ['reports.read', 'apiTokens.read', 'apiTokens.write']
    const issued = await scene.issue({ resources: ['project:1', 'team:*'], scopes })
    const call = callsWith(scene, bearer(issued))
    const create = (resources?: readonly string[]) =>
      call('POST', '', { name: 'child', scopes: ['reports.read'], resources })
    for (const resources of [undefined, [], ['project:2'], ['project:*'], ['project:1', 'team'], ['team:*', 'p:1']]) {
      const reply = await create(resources)
      assert.equal(reply.status, resources?.includes('team') ? 400 : 403, reply.text)
    }
    const { id } = json<{ id: string }>(await create(['project:1', 'team:7']))
    const shown = json<{ resources?: unknown }>(await call('GET', `/${id}`))
    assert.deepEqual(shown.resources, ['project:1', 'team:7'])
    for (const resources of [[], ['project:*']]) {
      assert.equal((await call('PUT', `/${id}`, { resources })).status, 403)
    }
    assert.equal((await call('PUT', `/${id}`, { resources: ['team:7'] })).status, 204)
    assert.equal((await call('GET', '')).status, 200)
    const free = await scene.issue()
    assert.equal('resources' in json<object>(await call('GET', `/${free.id}`)), false)
  }),
]
