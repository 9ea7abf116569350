import assert from 'node:assert/strict'
import type { CredentialSource } from '@latchkey/core'
import type { AdapterCase } from './adapter-case.js'
import {
  EMPTY_KEY,
  expectLetIn,
  expectRefusal,
  INVALID_TOKEN,
  insufficientScope,
  invalidRequest,
  NO_CREDENTIAL,
  NO_TOKEN_SENT,
  REPEATED,
  type Refusal,
} from './answers.js'
import { apiKey, apiToken, basic, bearer } from './http.js'
import { guardCase, type SceneOptions } from './scene.js'

const TWO = invalidRequest('More than one credential was sent: use either Authorization or X-API-Key.')
const REPEATED_KEY = invalidRequest('The X-API-Key header was sent more than once.')

type Headers = readonly string[]

function letsIn(name: string, headers: (token: string) => Headers, options: SceneOptions = {}): AdapterCase {
  return guardCase(`lets in: ${name}`, options, async (scene) => {
    const issued = await scene.issue()
    for (const state of ['unknown to the cache', 'cached']) {
      expectLetIn(await scene.send({ path: '/reports', headers: headers(issued.token) }), issued)
      assert.equal(scene.latchkey.stats().storeReads, 1, state)
    }
  })
}

function refuses(
  name: string,
  headers: (token: string) => Headers,
  refusal: Refusal,
  options: SceneOptions = {},
): AdapterCase {
  return guardCase(`refuses: ${name}`, options, async (scene) => {
    const { token } = await scene.issue()
    expectRefusal(await scene.send({ path: '/reports', headers: headers(token) }), refusal)
    assert.deepEqual(scene.handled, [])
  })
}

const only = (...credentials: CredentialSource[]): SceneOptions => ({ latchkey: { credentials } })

export const guardCredentialCases: readonly AdapterCase[] = [
  letsIn('Authorization: Bearer', (token) => bearer({ token })),
  letsIn('Authorization: Api-Token', (token) => apiToken({ token })),
  letsIn('X-API-Key', (token) => apiKey({ token })),
  letsIn('Bearer in any case', (token) => ['authorization', `bEARER ${token}`]),
  letsIn('Api-Token in any case', (token) => ['AUTHORIZATION', `API-TOKEN ${token}`]),
  letsIn('header names in any case', (token) => ['x-Api-kEY', token]),
  letsIn('several blanks after the scheme', (token) => ['Authorization', `Bearer   ${token}`]),
  letsIn('another scheme before a valid X-API-Key', (token) => [...basic, ...apiKey({ token })]),
  letsIn('another scheme after a valid X-API-Key', (token) => [...apiKey({ token }), ...basic]),
  letsIn(
    'an Authorization that is not accepted beside a valid X-API-Key',
    (token) => [...bearer({ token }), ...apiKey({ token })],
    only('x-api-key'),
  ),
  letsIn(
    'an X-API-Key that is not accepted beside a valid Bearer',
    (token) => [...bearer({ token }), ...apiKey({ token })],
    only('bearer'),
  ),

  refuses('no credential', () => [], NO_CREDENTIAL),
  refuses('another scheme alone', () => basic, NO_CREDENTIAL),
  refuses('a token without a scheme', (token) => ['Authorization', token], NO_CREDENTIAL),
  refuses('a scheme that only begins with Bearer', (token) => ['Authorization', `BearerX ${token}`], NO_CREDENTIAL),
  refuses('an empty Authorization', () => ['Authorization', ''], NO_CREDENTIAL),
  refuses('a token in a cookie', (token) => ['Cookie', `token=${token}; Authorization=Bearer ${token}`], NO_CREDENTIAL),
  refuses('a token in a proxy header', (token) => ['Proxy-Authorization', `Bearer ${token}`], NO_CREDENTIAL),
  refuses('a Bearer that is not accepted', (token) => bearer({ token }), NO_CREDENTIAL, only('x-api-key')),
  refuses('an Api-Token that is not accepted', (token) => apiToken({ token }), NO_CREDENTIAL, only('bearer')),
  refuses('an X-API-Key that is not accepted', (token) => apiKey({ token }), NO_CREDENTIAL, only('api-token')),

  refuses('an empty Bearer', () => ['Authorization', 'Bearer'], NO_TOKEN_SENT),
  refuses('an empty Bearer with a blank', () => ['Authorization', 'Bearer '], NO_TOKEN_SENT),
  refuses('an empty Api-Token', () => ['Authorization', 'Api-Token   '], NO_TOKEN_SENT),
  refuses('an empty X-API-Key', () => ['X-API-Key', ''], EMPTY_KEY),
  refuses('an X-API-Key of blanks', () => ['X-API-Key', '   '], EMPTY_KEY),
  refuses('both sources at once', (token) => [...bearer({ token }), ...apiKey({ token })], TWO),
  refuses('both at once, one of them empty', (token) => ['Authorization', 'Bearer', ...apiKey({ token })], TWO),
  refuses('two Bearer tokens', (token) => [...bearer({ token }), ...bearer({ token })], REPEATED),
  refuses('a good Bearer before a bad one', (token) => [...bearer({ token }), ...bearer({ token: 'x' })], REPEATED),
  refuses('a bad Bearer before a good one', (token) => [...bearer({ token: 'x' }), ...bearer({ token })], REPEATED),
  refuses('Bearer and Basic', (token) => [...bearer({ token }), ...basic], REPEATED),
  refuses('Basic and Bearer', (token) => [...basic, ...bearer({ token })], REPEATED),
  refuses('Basic twice beside a key', (token) => [...basic, ...basic, ...apiKey({ token })], REPEATED),
  refuses('two X-API-Key headers', (token) => [...apiKey({ token }), ...apiKey({ token })], REPEATED_KEY),
  refuses('two X-API-Key headers in different case', (token) => ['X-API-KEY', token, 'x-api-key', token], REPEATED_KEY),
  refuses('a token and more', (token) => ['Authorization', `Bearer ${token} x`], INVALID_TOKEN),

  guardCase('refuses: two tokens in one header', async (scene) => {
    const { token } = await scene.issue()
    const refusal = scene.facts.joinsHeaders ? REPEATED_KEY : INVALID_TOKEN
    expectRefusal(await scene.send({ path: '/reports', headers: ['X-API-Key', `${token}, ${token}`] }), refusal)
  }),
  guardCase('a token in the query, the path or the body is no credential', async (scene) => {
    const { token } = await scene.issue()
    const query = `?token=${token}&access_token=${token}&apiToken=${token}&X-API-Key=${token}`
    const body = JSON.stringify({ token, access_token: token, authorization: `Bearer ${token}` })
    const headers = ['Content-Type', 'application/json']
    expectRefusal(await scene.send({ method: 'POST', path: `/reports${query}`, headers, body }), NO_CREDENTIAL)
    assert.deepEqual(scene.handled, [])
  }),
  guardCase('what X-API-Key lets in is private: shared caches protect Authorization only', async (scene) => {
    const issued = await scene.issue()
    const cacheControl = async (path: string, headers: Headers) => {
      const reply = await scene.send({ path, headers })
      expectLetIn(reply, issued)
      return reply.headers['cache-control']
    }
    for (const path of ['/reports', '/reports', '/twice', '/any']) {
      assert.equal(await cacheControl(path, apiKey(issued)), 'private')
      assert.equal(await cacheControl(path, [...basic, ...apiKey(issued)]), 'private')
      assert.equal(await cacheControl(path, bearer(issued)), undefined)
      assert.equal(await cacheControl(path, apiToken(issued)), undefined)
    }
    const unguarded = await scene.send({ path: '/open', headers: apiKey(issued) })
    assert.equal(unguarded.headers['cache-control'], undefined)
    const refused = await scene.send({ path: '/twice-and-more', headers: apiKey(issued) })
    expectRefusal(refused, insufficientScope(['logs.read']))
  }),
  guardCase("the host's own Cache-Control stands", async (scene) => {
    const issued = await scene.issue()
    for (const headers of [apiKey(issued), bearer(issued)]) {
      const reply = await scene.send({ path: '/public', headers })
      expectLetIn(reply, issued)
      assert.equal(reply.headers['cache-control'], 'public, max-age=60')
    }
  }),
  guardCase('an X-API-Key that is not accepted makes nothing private', only('bearer'), async (scene) => {
    const issued = await scene.issue()
    const reply = await scene.send({ path: '/any', headers: [...bearer(issued), ...apiKey(issued)] })
    expectLetIn(reply, issued)
    assert.equal(reply.headers['cache-control'], undefined)
  }),
  guardCase('the challenge names the realm of the options', { latchkey: { realm: 'Acme API' } }, async (scene) => {
    const reply = await scene.get('/any')
    assert.equal(reply.headers['www-authenticate'], 'Bearer realm="Acme API"')
  }),
]
