import type { MountHost } from '@latchkey/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import { EXPRESSES } from '../../express/test/frameworks.js'
import { KOAS } from '../../koa/test/frameworks.js'
import { essenceOf } from '../src/adapter-contract/answers.js'
import type { Ask } from '../src/adapter-contract/http-client.js'
import { MOUNT, type Scene, withScene } from '../src/adapter-contract/scene.js'

// RFC 6750 answers must be the same to the byte on every framework: the same requests go to all four.

const ID = `acme.${'A'.repeat(24)}`
const JSON_TYPE = ['Content-Type', 'application/json']

/** Every kind of answer of ours, by what is sent. */
async function requests(scene: Scene): Promise<Readonly<Record<string, Ask>>> {
  const bearer = ({ token }: { token: string }) => ['Authorization', `Bearer ${token}`]
  const admin = bearer(await scene.issue({ scopes: ['*'], name: 'admin' }))
  const weak = bearer(await scene.issue({ scopes: ['logs.read'] }))
  const outside = bearer(await scene.issue({ networks: ['192.0.2.0/24'] }))
  const disabled = bearer(await scene.issue({ enabled: false }))
  const manage = (method: string, path: string, body?: string, headers: readonly string[] = JSON_TYPE): Ask => ({
    method,
    path: MOUNT + path,
    headers: [...admin, ...(body === undefined ? [] : headers)],
    ...(body !== undefined && { body }),
  })
  return {
    'no credential': { path: '/any' },
    'no credential, HEAD': { method: 'HEAD', path: '/any' },
    'empty token': { path: '/any', headers: ['Authorization', 'Bearer'] },
    'empty key': { path: '/any', headers: ['X-API-Key', ''] },
    'repeated Authorization': { path: '/any', headers: [...admin, ...admin] },
    'repeated key': { path: '/any', headers: ['X-API-Key', 'a', 'X-API-Key', 'b'] },
    'two sources': { path: '/any', headers: [...admin, 'X-API-Key', 'a'] },
    malformed: { path: '/any', headers: bearer({ token: 'x' }) },
    disabled: { path: '/any', headers: disabled },
    'wrong address': { path: '/any', headers: outside },
    'one scope missing': { path: '/reports', headers: weak },
    'two scopes missing': { path: '/reports-and-logs', headers: weak },
    'management without a credential': { path: MOUNT },
    'management without the scope': { path: MOUNT, headers: weak },
    'management from a wrong address': { path: MOUNT, headers: outside },
    'method not allowed': manage('PUT', ''),
    'unknown token': manage('GET', `/${ID}`),
    'no id': manage('GET', '/%ff'),
    'wrong media type': manage('POST', '', '{}', ['Content-Type', 'text/plain']),
    'no media type': manage('POST', '', '{}', []),
    'too large': manage('POST', '', ' '.repeat(70_000)),
    'no JSON': manage('POST', '', '{'),
    'no object': manage('POST', '', '[]'),
    violations: manage('POST', '', '{"name":"\\u0000","scopes":["a","a"],"allowedCIDRBlocks":["10/8"],"x":1}'),
    'bad query': manage('GET', '?pageSize=1&fields=x&x=y&x=z'),
    'own token': manage('PUT', '/self', '{"enabled":false}'),
    'no rotation under way': manage('POST', '/self/rotate/finish', '{}'),
    list: manage('GET', ''),
    'list, HEAD': manage('HEAD', ''),
    self: manage('GET', '/self'),
    'list with every parameter': manage(
      'GET',
      '?pageSize=100&fields=+scopes&sort=+name&from=now-1d&apiTokenSelector=owner("alice")',
    ),
    updated: manage('PUT', '/self', '{"name":"renamed"}'),
    created: manage('POST', '', '{"name":"n","scopes":["a"]}'),
    rotated: manage('POST', '/self/rotate', '{"previousSecretExpirationDate":"now+1h"}'),
    finished: manage('POST', '/self/rotate/cancel'),
    revoked: manage('POST', '/revoke', '{"token":"x"}'),
  }
}

/** What cannot be equal: what is drawn at random. */
function withoutRandom(essence: ReturnType<typeof essenceOf>): unknown {
  return JSON.parse(JSON.stringify(essence).replace(/acme\.[A-Z2-7]{24}(\.[A-Z2-7]{64})?/g, 'acme.RANDOM'))
}

async function answersOf(mount: MountHost): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {}
  await withScene(mount, {}, async (scene) => {
    const asks = Object.entries(await requests(scene))
    for (const [name, ask] of asks) answers[name] = withoutRandom(essenceOf(await scene.send(ask)))
    scene.line.cut(true)
    for (const [name, ask] of asks) answers[`store away: ${name}`] = withoutRandom(essenceOf(await scene.send(ask)))
  })
  return answers
}

describe('every framework gives the answers of the first, to the byte', () => {
  const [first, ...others] = [...EXPRESSES, ...KOAS]
  let expected: Record<string, unknown> = {}

  beforeAll(async () => {
    if (first !== undefined) expected = await answersOf(first.mount)
  })

  test('which are many and different', () => {
    expect(Object.keys(expected).length).toBeGreaterThan(70)
    expect(new Set(Object.values(expected).map((answer) => JSON.stringify(answer))).size).toBeGreaterThan(30)
  })

  test.each(others)('$name', async ({ mount }) => {
    expect(await answersOf(mount)).toEqual(expected)
  })
})
