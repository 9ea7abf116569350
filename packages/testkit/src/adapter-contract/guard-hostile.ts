import assert from 'node:assert/strict'
import { type Latchkey, memoryData, memoryStore } from '@latchkey/core'
import type { AdapterCase } from './adapter-case.js'
import { essenceOf, expectLetIn, expectRefusal, INVALID_TOKEN, NO_CREDENTIAL } from './answers.js'
import { bearer, JSON_TYPE, json } from './http.js'
import { guardCase, MOUNT, type Scene } from './scene.js'

const MEGABYTE = 'A'.repeat(1_000_000)

/** Ways in which a client might try to be taken for a token. */
const FORGED = JSON.stringify({ apiToken: { id: 'forged' }, state: { apiToken: { id: 'forged' } }, user: 'root' })

export const guardHostileCases: readonly AdapterCase[] = [
  guardCase('a header of 1 MB is refused by Node, and the server lives on', async (scene) => {
    // From Node 22 on the connection may be reset before its answer, 431, has been read.
    const outcome = await scene.get('/any', { token: MEGABYTE }).then(
      ({ status }) => status,
      ({ code }: NodeJS.ErrnoException) => code,
    )
    assert.ok(outcome === 431 || outcome === 'ECONNRESET' || outcome === 'EPIPE', String(outcome))
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

/** Tokens that must be refused, each for another reason. */
async function refusedTokens(scene: Scene): Promise<Record<string, string>> {
  const good = (await scene.issue()).token
  const last = good.endsWith('A') ? 'B' : 'A'
  const dead = await scene.issue()
  await scene.latchkey.rotate(dead.id)
  const disabled = await scene.issue({ enabled: false })
  const expired = await scene.issue({ expiresAt: scene.now() + 1 })
  scene.wait(1)
  return {
    'not of our form': 'nonsense',
    'as long as a token': 'x'.repeat(good.length),
    'a foreign prefix': await tokenOf(scene.node({ prefix: 'other', store: memoryStore() })),
    'a bad checksum': good.slice(0, -1) + last,
    'letters in lower case': good.toLowerCase(),
    'of another store': await tokenOf(scene.node({ store: memoryStore() })),
    'of another environment': await tokenOf(scene.node({ environment: 'elsewhere' })),
    'a secret that was rotated away': dead.token,
    'a secret that it never had': await neverItsSecret(scene),
    disabled: disabled.token,
    expired: expired.token,
    'of an unknown owner': (await scene.issue({ owner: 'nobody', personal: true })).token,
  }
}

async function tokenOf(elsewhere: Latchkey): Promise<string> {
  return (await elsewhere.create({ name: 'elsewhere', owner: 'alice', scopes: ['reports.read'] })).token
}

/** A known id with a well-formed secret of a copy of that token in another store. */
async function neverItsSecret(scene: Scene): Promise<string> {
  const { id } = await scene.issue()
  const record = (await scene.records()).find((candidate) => candidate.id === id)
  assert.ok(record)
  const data = memoryData()
  await (await memoryStore(data).open('default')).insert(record)
  return (await scene.node({ store: memoryStore(data) }).rotate(id)).token
}

const ownerScopes = async (owner: string) => (owner === 'nobody' ? undefined : ['*'])

export const guardUniformCases: readonly AdapterCase[] = [
  guardCase(
    'all causes of a 401 get the same answer byte for byte, uncached and cached, and count no use',
    { latchkey: { ownerScopes } },
    async (scene) => {
      const tokens = await refusedTokens(scene)
      const first = await scene.get('/reports', { token: 'x' })
      expectRefusal(first, INVALID_TOKEN)
      for (const round of ['first', 'cached']) {
        for (const [cause, token] of Object.entries(tokens)) {
          const reply = await scene.get('/reports', { token })
          assert.deepEqual(essenceOf(reply), essenceOf(first), `${cause}, ${round}`)
        }
      }
      assert.deepEqual(scene.handled, [])
      await scene.unchanged(() => scene.latchkey.flush())
      assert.equal(scene.latchkey.stats().verified, 0)
    },
  ),
  guardCase('management routes refuse all causes of a 401 alike', { latchkey: { ownerScopes } }, async (scene) => {
    const tokens = await refusedTokens(scene)
    const first = await scene.get('/api/v2/apiTokens', { token: 'x' })
    expectRefusal(first, INVALID_TOKEN)
    await scene.unchanged(async () => {
      for (const [cause, token] of Object.entries(tokens)) {
        const reply = await scene.get('/api/v2/apiTokens', { token })
        assert.deepEqual(essenceOf(reply), essenceOf(first), cause)
      }
    })
  }),
  guardCase('an expired token that also lacks the scope is a 401', async (scene) => {
    const issued = await scene.issue({ scopes: ['logs.read'], expiresAt: scene.now() + 1, networks: ['192.0.2.0/24'] })
    scene.wait(1)
    expectRefusal(await scene.get('/reports', issued), INVALID_TOKEN)
  }),
  guardCase('a wrong secret of a cached token is refused', async (scene) => {
    const old = await scene.issue()
    const current = await scene.latchkey.rotate(old.id)
    expectLetIn(await scene.get('/reports', current), current)
    expectRefusal(await scene.get('/reports', old), INVALID_TOKEN)
    expectLetIn(await scene.get('/reports', current), current)
  }),
]
