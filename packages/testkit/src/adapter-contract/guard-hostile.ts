import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import { expectLetIn, expectRefusal, INVALID_TOKEN, NO_CREDENTIAL } from './answers.js'
import { bearer, JSON_TYPE, json } from './http.js'
import { guardCase, MOUNT } from './scene.js'

const MEGABYTE = 'A'.repeat(1_000_000)

/** Ways in which a client might try to be taken for a token. */
const FORGED = JSON.stringify({ apiToken: { id: 'forged' }, state: { apiToken: { id: 'forged' } }, user: 'root' })

export const guardHostileCases: readonly AdapterCase[] = [
  guardCase('a header of 1 MB is refused by Node, and the server lives on', async (scene) => {
    const reply = await scene.get('/any', { token: MEGABYTE })
    assert.equal(reply.status, 431)
    expectRefusal(await scene.get('/any'), NO_CREDENTIAL)
    assert.deepEqual(scene.handled, [])
  }),
  guardCase(
    'a token of 1 MB, where the server takes such headers, is refused like any other',
    { server: { maxHeaderSize: 4_000_000 } },
    async (scene) => {
      const { token, id } = await scene.issue()
      const junk = [
        MEGABYTE,
        `${token}${MEGABYTE}`,
        `${id}.${MEGABYTE}`,
        '.'.repeat(1_000_000),
        `${' .'.repeat(500_000)}`,
      ]
      const begin = performance.now()
      for (const text of junk) {
        expectRefusal(await scene.get('/any', { token: text }), INVALID_TOKEN)
        expectRefusal(await scene.send({ path: '/any', headers: ['X-API-Key', text] }), INVALID_TOKEN)
      }
      assert.ok(performance.now() - begin < 5_000, 'in linear time')
      assert.equal(scene.latchkey.stats().storeReads, 0, 'without a look into the store')
    },
  ),
  guardCase('bytes beyond ASCII in a credential are refused like any other', async (scene) => {
    const { token } = await scene.issue()
    const texts = ['\u00e4\u00f6\u00fc', `${token}\u00a0`, '\u00ff'.repeat(97), '%00', '__proto__', '[object Object]']
    for (const text of texts) {
      expectRefusal(await scene.get('/any', { token: text }), INVALID_TOKEN)
    }
  }),
  guardCase('headers named like members of Object.prototype have no effect', async (scene) => {
    const issued = await scene.issue()
    const odd = ['__proto__', 'x', 'constructor', 'y', 'prototype', 'z', 'toString', 'a', 'hasOwnProperty', 'b']
    expectRefusal(await scene.send({ path: '/any', headers: odd }), NO_CREDENTIAL)
    expectRefusal(await scene.send({ path: '/any', headers: ['X-API-Key.0', issued.token] }), NO_CREDENTIAL)
    expectRefusal(
      await scene.send({ path: '/any', headers: ['authorization_', `Bearer ${issued.token}`] }),
      NO_CREDENTIAL,
    )
    expectLetIn(await scene.send({ path: '/any', headers: [...odd, ...bearer(issued), ...odd] }), issued)
  }),
  guardCase('hundreds of other headers do not hide a second credential', async (scene) => {
    const issued = await scene.issue()
    const padding = Array.from({ length: 400 }, (_, i) => [`x-padding-${i}`, 'x']).flat()
    expectLetIn(await scene.send({ path: '/any', headers: [...padding, ...bearer(issued)] }), issued)
    const twice = await scene.send({ path: '/any', headers: [...bearer(issued), ...padding, ...bearer(issued)] })
    assert.equal(twice.status, 400)
  }),
  guardCase('no request can supply the token object that the handler sees', { parsesJson: true }, async (scene) => {
    const forged = ['apiToken', 'forged', 'X-Api-Token', 'forged', 'req.apiToken', 'forged', ...JSON_TYPE]
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']) {
      const ask = { method, headers: forged, body: FORGED }
      const open = await scene.send({ ...ask, path: '/open?apiToken[id]=forged&apiToken=forged' })
      assert.deepEqual([open.status, json(open)], [200, { token: null }])
      expectRefusal(await scene.send({ ...ask, path: '/any?apiToken[id]=forged' }), NO_CREDENTIAL)
    }
    assert.deepEqual(new Set(scene.handled), new Set([undefined]))
  }),
  guardCase('nothing in path, query, headers or body switches the guards off', { parsesJson: true }, async (scene) => {
    const body = JSON.stringify({ authorize: false, skip: true, owner: 'root', userId: 'root', scopes: ['*'] })
    const query = '?authorize=false&skip=1&_method=OPTIONS&owner=root&caller[owner]=root&dialect=panther'
    const headers = [
      ...JSON_TYPE,
      'X-HTTP-Method-Override',
      'OPTIONS',
      'X-Original-URL',
      '/open',
      'X-Rewrite-URL',
      '/open',
    ]
    await scene.unchanged(async () => {
      for (const path of ['/reports', MOUNT, `${MOUNT}/lookup`, `${MOUNT}/revoke`, `${MOUNT}/self/rotate`]) {
        expectRefusal(await scene.send({ method: 'POST', path: path + query, headers, body }), NO_CREDENTIAL)
      }
    })
    assert.deepEqual(scene.handled, [])
  }),
  guardCase('concurrent requests each get their own answer', async (scene) => {
    const [one, two] = [await scene.issue({ name: 'one' }), await scene.issue({ name: 'two', scopes: ['logs.read'] })]
    const replies = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        scene.send({ path: '/reports', headers: [[], bearer(one), bearer(two)][i % 3] ?? [] }),
      ),
    )
    assert.deepEqual(
      replies.map(({ status }) => status),
      Array.from({ length: 60 }, (_, i) => [401, 200, 403][i % 3]),
    )
    for (const [i, reply] of replies.entries()) if (i % 3 === 1) expectLetIn(reply, one)
  }),
]
