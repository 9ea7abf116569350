import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import { expectError, expectNoContent } from './answers.js'
import { bearer, JSON_TYPE, json } from './http.js'
import { adminCase, administrator, callsWith, MOUNT, routesCase, type Scene } from './scene.js'

const GOOD = JSON.stringify({ name: 'n', scopes: ['a'] })
const KIB_64 = 64 * 1024

async function poster(scene: Scene) {
  const { admin } = await administrator(scene)
  return (headers: readonly string[], body: string | Uint8Array | readonly (string | Uint8Array)[] = GOOD) =>
    scene.send({ method: 'POST', path: MOUNT, headers: [...bearer(admin), ...headers], body })
}

const TYPES = [
  ...[
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonx',
    'json',
  ],
  ...['latin1', 'utf-16'].map((charset) => `application/json; charset=${charset}`),
  'application/json, text/plain',
]

const NO_JSON: readonly (string | Uint8Array)[] = [
  '',
  '{',
  '{"name":',
  `${GOOD}${GOOD}`,
  `\ufeff${GOOD}`,
  "{'name':'n'}",
  '{"name":"n","scopes":["a"],}',
  'undefined',
  'NaN',
  '['.repeat(60_000),
  Uint8Array.of(0x22, 0xff, 0x22),
  Uint8Array.of(0x22, 0xc0, 0x80, 0x22),
  Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22),
  Buffer.from(GOOD, 'utf16le'),
  Buffer.concat([Buffer.from('{"name":"'), Uint8Array.of(0xe4), Buffer.from('","scopes":["a"]}')]),
]

const NO_OBJECT = ['[]', '"text"', 'null', '5', 'true', `[${GOOD}]`]

export const routesBodyCases: readonly AdapterCase[] = [
  routesCase('a content type is read by its grammar: empty and further parameters, any case, quotes', async (scene) => {
    const post = await poster(scene)
    for (const type of [
      'application/json;',
      'application/json ; charset="UTF-8";',
      'Application/JSON; profile="a;b"; charset=utf-8',
    ]) {
      assert.equal((await post(['Content-Type', type])).status, 201, type)
    }
  }),
  routesCase('a body that is declared as anything but JSON in UTF-8 is 415', async (scene) => {
    const post = await poster(scene)
    await scene.unchanged(async () => {
      expectError(await post([]), 415)
      for (const type of TYPES) expectError(await post(['Content-Type', type]), 415)
      for (const encoding of ['gzip', 'br', 'gzip, identity']) {
        expectError(await post([...JSON_TYPE, 'Content-Encoding', encoding]), 415)
      }
    })
    for (const type of ['application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"']) {
      assert.equal((await post(['Content-Type', type])).status, 201)
    }
    assert.equal((await post([...JSON_TYPE, 'Content-Encoding', 'identity'])).status, 201)
  }),
  routesCase('a body over 64 KiB is 413, with a length and without', async (scene) => {
    const post = await poster(scene)
    const padded = (length: number) => GOOD + ' '.repeat(length - GOOD.length)
    await scene.unchanged(async () => {
      expectError(await post(JSON_TYPE, padded(KIB_64 + 1)), 413)
      expectError(await post(JSON_TYPE, [padded(KIB_64), ' ']), 413)
      const chunks = Array.from({ length: 70 }, () => ' '.repeat(1_024))
      expectError(await post(JSON_TYPE, chunks), 413)
    })
    assert.equal((await post(JSON_TYPE, padded(KIB_64))).status, 201)
    assert.equal((await post(JSON_TYPE, [GOOD, padded(KIB_64).slice(GOOD.length)])).status, 201)
  }),
  routesCase('a body that is no JSON object is 400, and its text is not repeated', async (scene) => {
    const post = await poster(scene)
    await scene.unchanged(async () => {
      for (const body of NO_JSON) {
        const reply = await post(JSON_TYPE, body)
        assert.equal(reply.status, 400, reply.text)
        assert.equal(reply.headers['content-type'], 'application/json; charset=utf-8')
        assert.ok(!/scopes|Unexpected|position/.test(reply.text), reply.text)
      }
      for (const body of NO_OBJECT) expectError(await post(JSON_TYPE, body), 400, [''])
    })
  }),
  routesCase('a body that comes in pieces, cut within a character, is read whole', async (scene) => {
    const post = await poster(scene)
    const bytes = Buffer.from(JSON.stringify({ name: 'z\u00fcge \u{1f600}', scopes: ['a'] }))
    const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte))
    const reply = await post(JSON_TYPE, pieces)
    assert.equal(reply.status, 201)
    assert.ok((await scene.records()).some(({ name }) => name === 'z\u00fcge \u{1f600}'))
  }),
  ...[false, true].map((parsesJson) =>
    adminCase(
      `bodies that ${parsesJson ? 'the host has parsed' : 'the routes read'} are understood`,
      { parsesJson },
      async (scene, call, admin) => {
        const created = await call('POST', '', { name: 'z\u00fcge', scopes: ['a'] })
        assert.equal(created.status, 201)
        const { id } = json<{ id: string }>(created)
        expectNoContent(await call('PUT', `/${id}`, { name: 'x' }))
        assert.equal((await call('POST', '/lookup', { token: admin.token })).status, 200)
        const empty = (headers: readonly string[] = []) =>
          scene.send({ method: 'POST', path: `${MOUNT}/${id}/rotate`, headers: [...bearer(admin), ...headers] })
        assert.equal((await empty()).status, 200)
        assert.equal((await empty(['Content-Length', '0'])).status, 200)
        assert.equal((await empty(['Content-Length', '0', ...JSON_TYPE])).status, 200)
        assert.equal((await call('POST', `/${id}/rotate`, {})).status, 200)
        assert.equal((await call('POST', `/${id}/rotate`, { previousSecretExpirationDate: 'now+1h' })).status, 200)
        expectNoContent(await callsWith(scene, bearer(admin))('POST', `/${id}/rotate/cancel`))
        await scene.unchanged(async () => {
          expectError(await call('POST', '', {}), 400, ['name', 'scopes'])
          expectError(await call('POST', '', [1]), 400, [''])
          const typed = (type: string) =>
            scene.send({ method: 'POST', path: MOUNT, headers: [...bearer(admin), 'Content-Type', type], body: GOOD })
          expectError(await typed('text/plain'), 415)
          expectError(await typed('application/x-www-form-urlencoded'), 415)
          expectError(await call('POST', '', `${GOOD}${' '.repeat(KIB_64)}`), 413)
        })
        assert.deepEqual(scene.errors, [])
      },
    ),
  ),
  adminCase('__proto__ in a body that the host parsed changes nothing', { parsesJson: true }, async (scene, call) => {
    const { id } = await scene.issue()
    await scene.unchanged(async () => {
      // Some parsers refuse it themselves, with 400 too.
      const bodies = ['{"__proto__":{"enabled":false}}', '{"additionalMetadata":{"__proto__":{"a":1}}}']
      for (const body of bodies) assert.equal((await call('PUT', `/${id}`, body)).status, 400)
    })
  }),
]
