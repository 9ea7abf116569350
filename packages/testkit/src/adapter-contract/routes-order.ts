import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import { bearer, json, type Reply } from './http.js'
import { administrator, callsWith, MOUNT, routesCase } from './scene.js'

const UNKNOWN = `acme.${'A'.repeat(24)}`

/** The status, and whether violations were named. */
function outcome(reply: Reply): string {
  const { error } = json(reply) as { error: { constraintViolations?: unknown[] } }
  return error.constraintViolations === undefined ? `${reply.status}` : `${reply.status} with violations`
}

export const routesOrderCases: readonly AdapterCase[] = [
  routesCase('of several errors, the first in the documented order is answered', async (scene) => {
    const weak = await scene.issue()
    const strong = await scene.issue({ scopes: ['*'] })
    const disabled = await scene.issue({ scopes: ['*'], enabled: false })
    const { admin, call } = await administrator(scene, { scopes: ['apiTokens.*', 'reports.read'] })
    const ask = (method: string, path: string, headers: readonly string[], type: string, body: string) =>
      scene.send({ method, path: MOUNT + path, headers: [...headers, 'Content-Type', type], body })
    const tooLarge = '{'.repeat(70_000)

    await scene.unchanged(async () => {
      const steps: [string, Reply][] = [
        ['405', await ask('PATCH', `/${UNKNOWN}`, [], 'text/plain', tooLarge)],
        ['400', await ask('PUT', `/${UNKNOWN}`, [...bearer(weak), ...bearer(weak)], 'text/plain', tooLarge)],
        ['401', await ask('PUT', `/${UNKNOWN}`, [], 'text/plain', tooLarge)],
        ['403', await ask('PUT', `/${UNKNOWN}`, bearer(weak), 'text/plain', tooLarge)],
        ['415', await ask('PUT', `/${UNKNOWN}`, bearer(admin), 'text/plain', tooLarge)],
        ['413', await ask('PUT', `/${UNKNOWN}`, bearer(admin), 'application/json', tooLarge)],
        ['400', await ask('PUT', `/${UNKNOWN}`, bearer(admin), 'application/json', '{')],
        ['400 with violations', await call('PUT', `/${UNKNOWN}`, { enabled: 1, name: '' })],
        ['404', await call('PUT', `/${UNKNOWN}`, { enabled: false, scopes: ['*'] })],
        ['400', await call('PUT', '/self', { enabled: false, scopes: ['*'] })],
        ['403 with violations', await call('POST', `/${disabled.id}/rotate`)],
        ['400 with violations', await call('POST', `/${strong.id}/rotate`, { expirationDate: 'now-1d' })],
      ]
      assert.deepEqual(
        steps.map(([, reply]) => outcome(reply)),
        steps.map(([expected]) => expected),
      )
    })
  }),
  routesCase('a wrong state is answered before a lost race', async (scene) => {
    const { call } = await administrator(scene)
    const disabled = await scene.issue({ enabled: false })
    const enabled = await scene.issue()
    scene.store.loseRaces(1)
    assert.equal(outcome(await call('POST', `/${disabled.id}/rotate`)), '400')
    assert.equal(outcome(await call('POST', `/${enabled.id}/rotate`)), '409')
    assert.equal((await call('POST', `/${enabled.id}/rotate`)).status, 200)
  }),
  routesCase('an update that loses a race is tried again, three times in all', async (scene) => {
    const { call } = await administrator(scene)
    const { id } = await scene.issue()
    scene.store.loseRaces(2)
    assert.equal((await call('PUT', `/${id}`, { name: 'second try' })).status, 204)
    scene.store.loseRaces(3)
    assert.equal(outcome(await call('PUT', `/${id}`, { name: 'never' })), '409')
  }),
  routesCase('the calling token is read from the store for every management call', async (scene) => {
    const { admin, call } = await administrator(scene)
    await scene.issue()
    assert.equal((await call('GET', '')).status, 200)
    const before = scene.latchkey.stats().storeReads
    assert.equal((await call('POST', '', { name: 'n', scopes: ['a'] })).status, 201)
    assert.ok(scene.latchkey.stats().storeReads > before)
    await scene.latchkey.update(admin.id, { enabled: false })
    assert.equal((await callsWith(scene, bearer(admin))('POST', '', { name: 'n', scopes: ['a'] })).status, 401)
  }),
]
