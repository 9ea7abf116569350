import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import { expectHostsOwn404, expectLetIn, expectNoContent, iso } from './answers.js'
import { apiKey, json, type Reply } from './http.js'
import { adminCase, BEGIN, callsWith, MOUNT, type SceneOptions } from './scene.js'

const PANTHER: SceneOptions = { dialect: 'panther' }

function expectMessage(reply: Reply, status: number, pattern: RegExp): void {
  assert.equal(reply.status, status, reply.text)
  const { message, ...rest } = json(reply)
  assert.deepEqual(rest, {})
  assert.match(String(message), pattern)
}

export const routesPantherCases: readonly AdapterCase[] = [
  adminCase('Panther: create, get, update, rotate, delete', PANTHER, async (scene, _call, admin) => {
    const call = callsWith(scene, apiKey(admin))
    const created = await call('POST', '', { name: 'report', permissions: ['reports.read'], expiresAt: '2031-01-01' })
    const { value, ...resource } = json(created)
    const expected = {
      id: resource.id,
      name: 'report',
      permissions: ['reports.read'],
      allowedCIDRBlocks: [],
      createdAt: iso(BEGIN),
      expiresAt: '2031-01-01T00:00:00.000Z',
    }
    assert.deepEqual([created.status, resource], [200, expected])
    expectLetIn(await scene.send({ path: '/reports', headers: ['X-API-Key', String(value)] }), {
      id: String(resource.id),
    })
    assert.deepEqual(json(await call('GET', `/${resource.id}`)), expected)

    const change = {
      name: 'x',
      permissions: ['reports.read'],
      allowedCIDRBlocks: ['127.0.0.0/8'],
      expiresAt: '2040-01-01',
    }
    const updated = await call('POST', `/${resource.id}`, change)
    const after = { ...expected, name: 'x', allowedCIDRBlocks: ['127.0.0.0/8'], updatedAt: iso(BEGIN) }
    assert.deepEqual([updated.status, json(updated)], [200, after])
    const kept = json(await call('POST', `/${resource.id}`, { name: 'x', permissions: ['reports.read'] }))
    assert.deepEqual(kept.allowedCIDRBlocks, ['127.0.0.0/8'])
    const lifted = json(await call('POST', `/${resource.id}`, { name: 'x', permissions: ['a'], allowedCIDRBlocks: [] }))
    assert.deepEqual(lifted.allowedCIDRBlocks, [])

    const rotated = json(await call('POST', `/${resource.id}/rotate`))
    assert.notEqual(rotated.value, value)
    assert.equal(rotated.rotatedAt, iso(BEGIN))
    expectNoContent(await call('DELETE', `/${resource.id}`))
    expectMessage(await call('GET', `/${resource.id}`), 404, /./)
  }),
  adminCase('Panther: list in pages', PANTHER, async (scene, call) => {
    for (let i = 0; i < 4; i++) await scene.issue()
    const first = json(await call('GET', '?limit=2'))
    const second = json(await call('GET', `?cursor=${first.next}&limit=2`))
    const third = json(await call('GET', `?cursor=${second.next}`))
    const all = [first, second, third].flatMap((page) => page.results as { id: string; expiresAt: null }[])
    assert.equal(new Set(all.map(({ id }) => id)).size, 5)
    assert.ok(all.every(({ expiresAt }) => expiresAt === null))
    assert.deepEqual(Object.keys(third), ['results'])
    for (const query of ['limit=0', 'limit=1001', 'cursor=x', 'limit=1&limit=1', 'sort=name', 'pageSize=100']) {
      expectMessage(await call('GET', `?${query}`), 400, new RegExp(query.replace(/=.*/, '')))
    }
  }),
  adminCase('Panther: an error is a message that names the member', PANTHER, async (scene, call, admin) => {
    const { id } = await scene.issue()
    const weak = await scene.issue()
    await scene.unchanged(async () => {
      expectMessage(
        await call('POST', '', { name: '', permissions: ['a b'], scopes: ['a'] }),
        400,
        /scopes.*name.*permissions\[0\]/,
      )
      expectMessage(await call('POST', `/${id}`, { name: 'x' }), 400, /permissions/)
      expectMessage(await call('POST', `/${id}`, { permissions: ['a'] }), 400, /name/)
      expectMessage(await call('POST', '', { name: 'n', permissions: ['a'], enabled: false }), 400, /enabled/)
      expectMessage(await call('POST', '', '{"__proto__":{}}'), 400, /__proto__/)
      expectMessage(await call('POST', '', '{'), 400, /JSON/)
      expectMessage(await call('POST', `/${id}/rotate`, { expirationDate: 'now+1d' }), 400, /expirationDate/)
      expectMessage(await call('DELETE', `/${admin.id}`), 400, /./)
      expectMessage(await scene.send({ method: 'POST', path: MOUNT, body: 'x' }), 401, /token is needed/)
      expectMessage(await callsWith(scene, apiKey(weak))('GET', ''), 403, /apiTokens\.read/)
    })
  }),
  adminCase('Panther: six operations and no more', PANTHER, async (scene, call, admin) => {
    const put = await call('PUT', '/self', {})
    assert.deepEqual([put.status, put.headers.allow], [405, 'GET, HEAD, POST, DELETE'])
    expectMessage(put, 405, /method/)
    expectMessage(await call('POST', '/lookup', { name: 'n', permissions: ['a'] }), 404, /./)
    for (const path of ['/self/rotate/finish', '/self/rotate/cancel', '/a/b'])
      expectHostsOwn404(await call('POST', path))
    assert.equal(json(await call('GET', '/self')).id, admin.id)
    assert.equal((await call('POST', '/self', { name: 'me', permissions: ['*'] })).status, 200)
    const rotated = json(await call('POST', '/self/rotate'))
    expectNoContent(await callsWith(scene, apiKey({ token: String(rotated.value) }))('DELETE', '/self'))
  }),
]
