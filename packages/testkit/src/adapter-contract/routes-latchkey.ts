import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import { expectLetIn, expectNoContent, expectProblem, iso } from './answers.js'
import { bearer, json } from './http.js'
import { adminCase, BEGIN, callsWith, MOUNT, type SceneOptions, UNKNOWN_ID } from './scene.js'

const LATCHKEY: SceneOptions = { dialect: 'latchkey' }
const HOUR = 3_600_000
const MERGE_PATCH = ['Content-Type', 'application/merge-patch+json']

interface Page {
  readonly tokens: readonly { readonly id: string; readonly name: string }[]
  readonly next?: string
  readonly total: number
}

const namesOf = ({ tokens }: Page) => tokens.map(({ name }) => name)

export const routesLatchkeyCases: readonly AdapterCase[] = [
  adminCase('Latchkey: the life of a token', LATCHKEY, async (scene, call, admin) => {
    const input = { name: 'report', scopes: ['reports.read'], expiresAt: 'now+1d', metadata: { team: 'a', since: 1 } }
    const created = await call('POST', '', input)
    const { token, ...resource } = json<{ id: string; token: string }>(created)
    const { id } = resource
    const actor = { kind: 'token', id: admin.id, owner: 'root' }
    const expected = {
      id,
      name: 'report',
      owner: 'root',
      personal: false,
      enabled: true,
      scopes: ['reports.read'],
      networks: [],
      resources: [],
      metadata: input.metadata,
      createdAt: iso(BEGIN),
      createdBy: actor,
      expiresAt: iso(BEGIN + 24 * HOUR),
    }
    assert.deepEqual([created.status, resource], [201, expected])
    assert.equal(created.headers.location, `${MOUNT}/${id}`)
    expectLetIn(await scene.get('/reports', { token }), { id })
    await scene.latchkey.flush()
    const used = { lastUsedAt: iso(BEGIN), lastUsedIp: '127.0.0.1' }
    for (const [method, path, body] of [
      ['GET', `/${id}`],
      ['POST', '/lookup', { token }],
    ] as const) {
      const shown = await call(method, path, body)
      assert.deepEqual([shown.status, json(shown)], [200, { ...expected, ...used }])
    }

    const change = { name: 'renamed', metadata: { since: null, until: 2 }, expiresAt: null }
    const patched = await call('PATCH', `/${id}`, JSON.stringify(change), MERGE_PATCH)
    const { expiresAt: _, ...kept } = expected
    const changed = { name: 'renamed', metadata: { team: 'a', until: 2 }, modifiedAt: iso(BEGIN), modifiedBy: actor }
    assert.deepEqual([patched.status, json(patched)], [200, { ...kept, ...used, ...changed }])

    const rotated = await call('POST', `/${id}/rotate`, { previousExpiresAt: 'now+1h', expiresAt: 'now+2d' })
    const { token: fresh, ...after } = json<{ token: string }>(rotated)
    const overlap = { expiresAt: iso(BEGIN + 48 * HOUR), rotatedAt: iso(BEGIN) }
    const previousSecret = { expiresAt: iso(BEGIN + HOUR), ...used }
    assert.deepEqual([rotated.status, after], [200, { ...kept, ...used, ...changed, ...overlap, previousSecret }])
    for (const each of [token, fresh]) expectLetIn(await scene.get('/reports', { token: each }), { id })
    const finished = await call('POST', `/${id}/rotate/finish`)
    assert.deepEqual([finished.status, json(finished)], [200, { ...kept, ...used, ...changed, ...overlap }])
    expectProblem(await call('POST', `/${id}/rotate/cancel`, {}), 'ERR_STATE')

    expectNoContent(await call('POST', '/revoke', { token: fresh }))
    expectProblem(await call('GET', `/${id}`), 'ERR_NOT_FOUND')
    expectProblem(await call('POST', '/lookup', { token: fresh }), 'ERR_NOT_FOUND')
    expectNoContent(await callsWith(scene, bearer(admin))('DELETE', '/self'))
  }),
  adminCase('Latchkey: an update is a merge patch', LATCHKEY, async (scene, call) => {
    const { id } = await scene.issue({ expiresAt: BEGIN + HOUR, metadata: { a: { b: 1, c: 2 } } })
    const whole = json(await call('GET', `/${id}`))
    await scene.unchanged(async () => {
      // Sent back as it came, by a client that has seen other uses.
      const seen = {
        ...whole,
        lastUsedAt: 'once',
        lastUsedIp: 1,
        previousSecret: null,
        modifiedAt: null,
        rotatedAt: null,
      }
      assert.deepEqual(json(await call('PATCH', `/${id}`, seen)), whole)
      assert.equal((await call('PATCH', `/${id}`, { createdAt: BEGIN, owner: 'alice' })).status, 200)
      const readOnly = {
        id: 'x',
        owner: 'bob',
        personal: true,
        createdAt: BEGIN + 1,
        createdBy: { kind: 'host', id: 'x' },
      }
      const unset = { modifiedAt: BEGIN, modifiedBy: {}, rotatedAt: 'now' }
      const paths = Object.keys({ ...readOnly, ...unset })
      expectProblem(await call('PATCH', `/${id}`, { ...readOnly, ...unset, name: 'x' }), 'ERR_INVALID_INPUT', paths)
      const needed = { name: null, enabled: null, scopes: null, networks: null, resources: null }
      expectProblem(await call('PATCH', `/${id}`, needed), 'ERR_INVALID_INPUT', Object.keys(needed))
      expectProblem(await call('PATCH', `/${id}`, { token: 'x', tokens: 1 }), 'ERR_INVALID_INPUT', ['token', 'tokens'])
      expectProblem(await call('PATCH', `/${id}`, { metadata: { ['x'.repeat(4_090)]: 1 } }), 'ERR_INVALID_INPUT', [
        'metadata',
      ])
      expectProblem(await call('PATCH', `/${UNKNOWN_ID}`, whole), 'ERR_NOT_FOUND')
      expectProblem(await call('PATCH', `/${id}`, '{', MERGE_PATCH), 'ERR_INVALID_INPUT', [])
      for (const type of ['application/json-patch+json', 'application/merge-patch+json; charset=latin1']) {
        const headers = [...MERGE_PATCH.slice(0, 1), type]
        expectProblem(await call('PATCH', `/${id}`, '{}', headers), 'ERR_MEDIA_TYPE')
      }
      expectProblem(await call('POST', `/${id}/rotate`, '{}', MERGE_PATCH), 'ERR_MEDIA_TYPE')
    })
    const merged = json(await call('PATCH', `/${id}`, { metadata: { a: { b: null, d: [null] } } }))
    assert.deepEqual(merged.metadata, { a: { c: 2, d: [null] } })
    const lifted = json(await call('PATCH', `/${id}`, { metadata: null, expiresAt: null, enabled: false }))
    assert.deepEqual([lifted.metadata, lifted.expiresAt, lifted.enabled], [undefined, undefined, false])
  }),
  adminCase('Latchkey: lists are filtered, sorted and cut into pages', LATCHKEY, async (scene, call) => {
    const page = async (query: string) => json<Page>(await call('GET', query))
    for (const [name, owner] of [
      ['a', 'alice'],
      ['b', 'bob'],
      ['c', 'bob'],
    ] as const) {
      scene.wait(HOUR)
      const scopes = [`${name}.read`, 'reports.read']
      const expiresAt = name === 'c' ? scene.now() + HOUR : undefined
      const made = await scene.issue({ name, owner, scopes, personal: name === 'b', enabled: name !== 'c', expiresAt })
      if (name === 'a') expectLetIn(await scene.get('/reports', made), made)
    }
    await page('')
    await scene.latchkey.flush()
    for (const [query, names] of [
      ['', ['c', 'b', 'a', 'admin']],
      ['?sort=name', ['a', 'admin', 'b', 'c']],
      ['?sort=-name&owner=bob', ['c', 'b']],
      ['?scope=a.read&scope=b.read', ['b', 'a']],
      ['?personal=true', ['b']],
      ['?enabled=false', ['c']],
      [`?createdAfter=${BEGIN + HOUR}&createdBefore=${iso(BEGIN + 2 * HOUR)}`, ['b', 'a']],
      ['?expiresBefore=now%2B1h', ['c']],
      ['?expiresAfter=now%2B2h', []],
      ['?lastUsedAfter=2030-01-01', ['a', 'admin']],
      [`?lastUsedBefore=${BEGIN + HOUR}`, ['a']],
      ['?unusedSince=now-1h', ['a']],
    ] as const) {
      const { tokens, total } = await page(query)
      assert.deepEqual([namesOf({ tokens, total }), total], [names, names.length], query)
    }
    const first = await page('?limit=3&sort=name')
    const second = await page(`?cursor=${first.next}`)
    assert.deepEqual([namesOf(first), namesOf(second), first.total, second.total], [['a', 'admin', 'b'], ['c'], 4, 4])
    assert.deepEqual(Object.keys(second), ['tokens', 'total'])
    assert.equal((await page(`?cursor=${first.next}&limit=1`)).tokens.length, 1)
    for (const [query, ...paths] of [
      ['limit=0', 'limit'],
      ['limit=1001', 'limit'],
      [`cursor=${first.next}&sort=name`, 'sort'],
      ['cursor=x', 'cursor'],
      ['owner=a&owner=b', 'owner'],
      ['owner=&scope=', 'owner', 'scope'],
      ['personal=1&enabled=', 'personal', 'enabled'],
      ['createdAfter=now&createdBefore=now-1d', 'createdAfter'],
      ['unusedSince=soon&sort=owner&pageSize=100', 'unusedSince', 'sort', 'pageSize'],
    ]) {
      expectProblem(await call('GET', `?${query}`), 'ERR_INVALID_INPUT', paths)
    }
  }),
  adminCase('Latchkey: explain and capabilities', { ...LATCHKEY, resources: true }, async (scene, call) => {
    const issued = await scene.issue({ networks: ['192.0.2.0/24'], owner: 'alice' })
    const personal = await scene.issue({ personal: true, scopes: ['apiTokens.read'], owner: 'bob' })
    const asked = { ip: '203.0.113.7', scopes: ['reports.read', 'logs.read'] }
    await scene.unchanged(async () => {
      const byId = await call('POST', '/explain', { id: issued.id, ...asked })
      const { allowed, checks } = json<{ allowed: boolean; checks: { check: string; passed: boolean }[] }>(byId)
      const failed = checks.filter(({ passed }) => !passed).map(({ check }) => check)
      assert.deepEqual([byId.status, allowed, failed], [200, false, ['network', 'scope']])
      const inside = { token: issued.token, ip: '192.0.2.1', scopes: ['reports.read'] }
      assert.equal(json(await call('POST', '/explain', inside)).allowed, true)
      for (const named of [{ id: UNKNOWN_ID }, { id: 'x' }, { token: 'x' }]) {
        expectProblem(await call('POST', '/explain', named), 'ERR_NOT_FOUND')
      }
      expectProblem(await callsWith(scene, bearer(personal))('POST', '/explain', { id: issued.id }), 'ERR_NOT_FOUND')
      for (const named of [{}, { id: issued.id, token: issued.token }]) {
        expectProblem(await call('POST', '/explain', named), 'ERR_INVALID_INPUT', [''])
      }
      const bad = { id: 1, ip: {}, scopes: ['a.*'], more: true }
      expectProblem(await call('POST', '/explain', bad), 'ERR_INVALID_INPUT', ['id', 'ip', 'scopes[0]', 'more'])
    })
    const maxOverlap = 30 * 24 * HOUR
    assert.deepEqual(json(await call('GET', '/capabilities')), {
      owner: 'root',
      personal: false,
      may: { read: true, write: true, admin: true },
      usesResources: true,
      scopes: [{ scope: '*', description: '' }],
      networks: [],
      resources: [],
      maxOverlap,
    })
    const weak = await scene.issue({ expiresAt: BEGIN + HOUR })
    const weakly = callsWith(scene, bearer(weak))
    assert.deepEqual(json(await weakly('GET', '/capabilities')), {
      owner: 'alice',
      personal: false,
      may: { read: false, write: false, admin: false },
      usesResources: true,
      scopes: [],
      networks: [],
      resources: [],
      maxOverlap,
      expiresAt: iso(BEGIN + HOUR),
    })
    expectProblem(await weakly('POST', '/explain', { id: weak.id }), 'ERR_SCOPE')
  }),
  adminCase('Latchkey: errors are problems', LATCHKEY, async (scene, call, admin) => {
    const writer = await scene.issue({ scopes: ['apiTokens.write'] })
    const outgoing = await scene.issue({ scopes: ['apiTokens.*'] })
    await scene.latchkey.rotate(outgoing.id, { previousExpiresAt: BEGIN + HOUR })
    const elsewhere = await scene.issue({ networks: ['192.0.2.0/24'] })
    const by = (holder: { token: string }) => callsWith(scene, bearer(holder))
    await scene.unchanged(async () => {
      expectProblem(await scene.send({ path: MOUNT }), 'ERR_NO_TOKEN')
      expectProblem(await scene.send({ path: MOUNT, headers: ['X-API-Key', 'a', 'X-API-Key', 'b'] }), 'ERR_CREDENTIALS')
      expectProblem(await scene.get(MOUNT, { token: 'x' }), 'ERR_INVALID_TOKEN')
      expectProblem(await by(writer)('GET', ''), 'ERR_SCOPE')
      expectProblem(await by(elsewhere)('GET', '/self'), 'ERR_ADDRESS')
      expectProblem(await by(outgoing)('DELETE', '/self'), 'ERR_NOT_ALLOWED')
      const more = { name: 'n', scopes: ['reports.read'], owner: 'bob', metadata: {} }
      expectProblem(await by(writer)('POST', '', more), 'ERR_NOT_ALLOWED', ['scopes[0]', 'owner', 'metadata'])
      expectProblem(await call('POST', '', { name: '', scopes: [], x: 1 }), 'ERR_INVALID_INPUT', [
        'x',
        'name',
        'scopes',
      ])
      expectProblem(await call('PATCH', `/${admin.id}`, { enabled: false }), 'ERR_OWN_TOKEN')
      const put = await call('PUT', '/self', {})
      expectProblem(put, 'ERR_METHOD')
      assert.equal(put.headers.allow, 'GET, HEAD, PATCH, DELETE')
      expectProblem(await call('POST', '', ' '.repeat(70_000)), 'ERR_TOO_LARGE')
      expectProblem(
        await call('POST', `/${admin.id}/rotate`, { previousSecretExpirationDate: 1 }),
        'ERR_INVALID_INPUT',
        ['previousSecretExpirationDate'],
      )
    })
    scene.store.cut(true)
    expectProblem(await call('GET', ''), 'ERR_UNAVAILABLE')
  }),
  adminCase(
    'Latchkey: where every token expires, no expiry can be taken away',
    { ...LATCHKEY, latchkey: { maxLifetime: HOUR } },
    async (scene, call) => {
      const { id } = await scene.issue()
      await scene.unchanged(async () => {
        expectProblem(await call('PATCH', `/${id}`, { expiresAt: null }), 'ERR_INVALID_INPUT', ['expiresAt'])
        const input = { name: 'n', scopes: ['a'], expiresAt: null }
        expectProblem(await call('POST', '', input), 'ERR_INVALID_INPUT', ['expiresAt'])
      })
    },
  ),
]
