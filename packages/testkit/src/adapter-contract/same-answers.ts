import assert from 'node:assert/strict'
import type { IncomingMessage, RequestListener } from 'node:http'
import type { Latchkey } from '@latchkey/core'
import { createGuard, createRouter, encodeResponse, type HttpResponse, readJson } from '@latchkey/core/adapter'
import type { AdapterCase, HostPlan, MountHost } from './adapter-case.js'
import { type Essence, essenceOf } from './answers.js'
import { type Ask, bearer, JSON_TYPE } from './http.js'
import { MOUNT, type Scene, type SceneOptions, UNKNOWN_ID, withScene } from './scene.js'

/** Every kind of answer of ours, by what is sent. */
async function requests(scene: Scene): Promise<Readonly<Record<string, Ask>>> {
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
    'unknown token': manage('GET', `/${UNKNOWN_ID}`),
    'no id': manage('GET', '/%00'),
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
    patched: manage('PATCH', '/self', '{"name":"patched"}', ['Content-Type', 'application/merge-patch+json']),
    explained: manage('POST', '/explain', '{"id":"self"}'),
    capabilities: manage('GET', '/capabilities'),
    finished: manage('POST', '/self/rotate/cancel'),
    revoked: manage('POST', '/revoke', '{"token":"x"}'),
    'revoked, many': manage('POST', '/revoke-all', '{"owner":"alice"}'),
    'revoked, nothing named': manage('POST', '/revoke-all', '{"owner":"","scope":[]}'),
  }
}

/** Answers of the host itself, to what is not ours, may be any. */
const HOSTS_OWN: Essence = { status: 404, lines: [], text: '' }

/** What must be equal: all of our answers but what is drawn at random. */
function comparable({ status, lines, text }: Essence): Essence {
  if (status === 404 && !lines.includes('cache-control: no-store')) return HOSTS_OWN
  const known = (part: string) => part.replace(/acme\.[A-Z2-7]{24}(\.[A-Z2-7]{64})?/g, 'acme.RANDOM')
  return { status, lines: lines.map(known), text: known(text) }
}

async function answersOf(mount: MountHost, options: SceneOptions): Promise<Map<string, Essence>> {
  const answers = new Map<string, Essence>()
  await withScene(mount, options, async (scene) => {
    const asks = Object.entries(await requests(scene))
    for (const [name, ask] of asks) answers.set(name, comparable(essenceOf(await scene.send(ask))))
    scene.store.cut(true)
    for (const [name, ask] of asks) answers.set(`${name}, store away`, comparable(essenceOf(await scene.send(ask))))
  })
  return answers
}

function equalCase(group: AdapterCase['group'], name: string, options: SceneOptions): AdapterCase {
  return {
    group,
    name,
    async run(mount) {
      const expected = await answersOf(referenceHost, options)
      const answers = await answersOf(mount, options)
      assert.ok(expected.size > 70)
      for (const [request, answer] of expected) assert.deepEqual(answers.get(request), answer, request)
    },
  }
}

/** So that any two adapters give the same answers, each is compared with core itself. */
export const sameAnswerCases: readonly AdapterCase[] = [
  equalCase('guard', "every answer equals core's, byte for byte", {}),
  equalCase('routes', "every answer in the Panther dialect equals core's, byte for byte", {
    dialect: 'panther',
  }),
  equalCase('routes', "every answer in our own dialect equals core's, byte for byte", { dialect: 'latchkey' }),
]

/**
 * A host on bare `node:http`, with nothing between core and the wire: what it refuses, every adapter refuses in the
 * same bytes. It knows neither proxies nor parsers nor a choice of instances, and has no handlers of its own.
 */
function referenceHost({ latchkey, guarded, management }: HostPlan): RequestListener {
  if (typeof latchkey === 'function') throw new TypeError('The reference host serves one instance.')
  const router = createRouter({ dialect: management.dialect })
  const guards = new Map(guarded.map(({ path, guards: [options] }) => [path, createGuard(options)]))
  const anyToken = createGuard()
  return (request, response) => {
    answer(latchkey, request).then(
      (answered) => {
        const { status, headers, body } = answered === undefined ? NOT_OURS : encodeResponse(answered)
        response.writeHead(status, { ...headers }).end(body)
      },
      () => void response.writeHead(500).end(),
    )
  }

  async function answer(instance: Latchkey, request: IncomingMessage): Promise<HttpResponse | undefined> {
    const { method = '', headers, rawHeaders } = request
    const ip = request.socket.remoteAddress
    const { pathname, search } = new URL(request.url ?? '', 'http://localhost')
    const mount = management.path
    if (pathname === mount || pathname.startsWith(`${mount}/`)) {
      const body = () => readJson(request, undefined)
      const path = pathname.slice(mount.length)
      return router(instance, { method, mount, path, search, headers, rawHeaders, ip, body }, undefined)
    }
    const guard = guards.get(pathname) ?? anyToken
    const admission = await guard(instance, { headers, rawHeaders, ip })
    return admission.ok ? undefined : admission.response
  }
}

const NOT_OURS = { status: 404, headers: {}, body: '' }
