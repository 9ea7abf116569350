import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import {
  expectLetIn,
  expectRefusal,
  expectTwice,
  INVALID_TOKEN,
  insufficientScope,
  type Refusal,
  WRONG_ADDRESS,
} from './answers.js'
import { bearer, forwardedFor } from './http.js'
import { guardCase, type SceneOptions, withScene } from './scene.js'

const BEHIND_PROXY: SceneOptions = { trustProxy: true }

interface Trial {
  readonly networks: readonly string[]
  readonly headers?: readonly string[]
  readonly expected: Refusal | 'let in'
}

function addressCase(name: string, options: SceneOptions, trials: readonly Trial[]): AdapterCase {
  return guardCase(name, options, async (scene) => {
    for (const { networks, headers = [], expected } of trials) {
      const issued = await scene.issue({ networks })
      await expectTwice(scene, { path: '/reports', headers: [...bearer(issued), ...headers] }, issued, expected)
    }
    assert.equal(scene.handled.length, 2 * trials.filter(({ expected }) => expected === 'let in').length)
  })
}

const addressCases: readonly AdapterCase[] = [
  addressCase('the address of the peer is judged', {}, [
    { networks: ['127.0.0.0/8'], expected: 'let in' },
    { networks: ['192.0.2.0/24', '127.0.0.1/32'], expected: 'let in' },
    { networks: ['0.0.0.0/0'], expected: 'let in' },
    { networks: ['192.0.2.0/24'], expected: WRONG_ADDRESS },
    { networks: ['::1/128'], expected: WRONG_ADDRESS },
    { networks: ['::/0'], expected: WRONG_ADDRESS },
    { networks: ['::ffff:127.0.0.0/104'], expected: 'let in' },
  ]),
  addressCase('forwarding headers are ignored unless the host trusts the proxy', {}, [
    { networks: ['203.0.113.0/24'], headers: forwardedFor('203.0.113.9'), expected: WRONG_ADDRESS },
    { networks: ['203.0.113.0/24'], headers: ['X-Real-IP', '203.0.113.9'], expected: WRONG_ADDRESS },
    { networks: ['203.0.113.0/24'], headers: ['Forwarded', 'for=203.0.113.9'], expected: WRONG_ADDRESS },
    { networks: ['203.0.113.0/24'], headers: ['CF-Connecting-IP', '203.0.113.9'], expected: WRONG_ADDRESS },
    { networks: ['127.0.0.0/8'], headers: forwardedFor('203.0.113.9'), expected: 'let in' },
  ]),
  addressCase('behind a trusted proxy, the address that it saw counts, and not those that it was told', BEHIND_PROXY, [
    { networks: ['203.0.113.0/24'], headers: forwardedFor('203.0.113.9'), expected: 'let in' },
    { networks: ['203.0.113.0/24'], headers: forwardedFor('198.51.100.7'), expected: WRONG_ADDRESS },
    { networks: ['203.0.113.0/24'], headers: forwardedFor('203.0.113.9, 198.51.100.7'), expected: WRONG_ADDRESS },
    { networks: ['203.0.113.0/24'], headers: forwardedFor('198.51.100.7, 203.0.113.9'), expected: 'let in' },
    { networks: ['203.0.113.0/24'], headers: ['Forwarded', 'for=203.0.113.9'], expected: WRONG_ADDRESS },
    { networks: ['127.0.0.0/8'], expected: 'let in' },
  ]),
  addressCase('an IPv4-mapped address is judged as IPv4, any other IPv6 address as IPv6', BEHIND_PROXY, [
    { networks: ['203.0.113.0/24'], headers: forwardedFor('::ffff:203.0.113.9'), expected: 'let in' },
    { networks: ['203.0.113.0/24'], headers: forwardedFor('::FFFF:cb00:7109'), expected: 'let in' },
    { networks: ['203.0.113.0/24'], headers: forwardedFor('::ffff:198.51.100.7'), expected: WRONG_ADDRESS },
    { networks: ['::/0'], headers: forwardedFor('::ffff:203.0.113.9'), expected: WRONG_ADDRESS },
    { networks: ['2001:db8::/32'], headers: forwardedFor('2001:db8::1'), expected: 'let in' },
    { networks: ['0.0.0.0/0'], headers: forwardedFor('2001:db8::1'), expected: WRONG_ADDRESS },
  ]),
  addressCase('an unreadable address is in no network', BEHIND_PROXY, [
    { networks: ['0.0.0.0/0', '::/0'], headers: forwardedFor('unknown'), expected: WRONG_ADDRESS },
    { networks: ['0.0.0.0/0', '::/0'], headers: forwardedFor('0177.0.0.1'), expected: WRONG_ADDRESS },
    { networks: ['0.0.0.0/0', '::/0'], headers: forwardedFor('127.1'), expected: WRONG_ADDRESS },
    { networks: ['203.0.113.9/32'], headers: forwardedFor('203.0.113.9:port'), expected: WRONG_ADDRESS },
    { networks: ['203.0.113.9/32'], headers: forwardedFor('203.0.113.9:443'), expected: 'let in' },
    { networks: ['2001:db8::9/128'], headers: forwardedFor('[2001:db8::9]:443'), expected: 'let in' },
    { networks: [], headers: forwardedFor('unknown'), expected: 'let in' },
  ]),
  addressCase(
    'without an address, restricted tokens are refused and others are not',
    { server: { withoutAddresses: true } },
    [
      { networks: ['0.0.0.0/0', '::/0'], expected: WRONG_ADDRESS },
      { networks: [], expected: 'let in' },
    ],
  ),

  guardCase('the address is judged only if the secret is right', async (scene) => {
    const { token, id } = await scene.issue({ networks: ['192.0.2.0/24'] })
    await scene.latchkey.rotate(id)
    expectRefusal(await scene.get('/reports', { token }), INVALID_TOKEN)
  }),
  guardCase('the address is judged before the scopes', async (scene) => {
    const issued = await scene.issue({ networks: ['192.0.2.0/24'], scopes: ['logs.read'] })
    expectRefusal(await scene.get('/reports', issued), WRONG_ADDRESS)
  }),
  guardCase('management routes ignore forwarding headers too', async (scene) => {
    const issued = await scene.issue({ networks: ['203.0.113.0/24'], scopes: ['*'] })
    const headers = [...bearer(issued), ...forwardedFor('203.0.113.9'), 'X-Real-IP', '203.0.113.9']
    expectRefusal(await scene.send({ path: '/api/v2/apiTokens', headers }), WRONG_ADDRESS)
  }),
  guardCase('management routes judge the address too', BEHIND_PROXY, async (scene) => {
    const issued = await scene.issue({ networks: ['203.0.113.0/24'], scopes: ['*'] })
    const path = '/api/v2/apiTokens'
    expectRefusal(await scene.get(path, issued), WRONG_ADDRESS)
    const inside = await scene.send({ path, headers: [...bearer(issued), ...forwardedFor('203.0.113.9')] })
    assert.equal(inside.status, 200)
  }),
]

const THREE = ['reports.read', 'logs.read', 'logs.write']

function judged(
  held: readonly string[],
  path: string,
  missing: readonly string[],
  needed: readonly string[],
): AdapterCase {
  const outcome = missing.length === 0 ? 'is let in' : `lacks ${missing.join(' and ')}`
  return guardCase(`a token with ${held.join(' and ')} ${outcome} at ${path}`, async (scene) => {
    const issued = await scene.issue({ scopes: held })
    const expected = missing.length === 0 ? 'let in' : insufficientScope(needed, missing)
    await expectTwice(scene, { path, headers: bearer(issued) }, issued, expected)
  })
}

const scopeCases: readonly AdapterCase[] = [
  judged(['logs.read'], '/any', [], []),
  judged(['reports.read'], '/reports', [], []),
  judged(['reports.*'], '/reports', [], []),
  judged(['*'], '/reports-and-logs', [], []),
  judged(['logs.*', 'reports.read'], '/reports-and-logs', [], []),
  judged(['reports.write'], '/reports', ['reports.read'], ['reports.read']),
  judged(['reports'], '/reports', ['reports.read'], ['reports.read']),
  judged(['reports.read.all'], '/reports', ['reports.read'], ['reports.read']),
  judged(['reports.read.*'], '/reports', ['reports.read'], ['reports.read']),
  judged(['reportsX.*'], '/reports', ['reports.read'], ['reports.read']),
  judged(['REPORTS.READ'], '/reports', ['reports.read'], ['reports.read']),
  judged(['reports.read'], '/reports-and-logs', ['logs.read', 'logs.write'], THREE),
  judged(['logs.write', 'reports.*'], '/reports-and-logs', ['logs.read'], THREE),
  judged(['other'], '/reports-and-logs', THREE, THREE),

  {
    group: 'guard',
    name: 'a personal token has the scopes that it and its owner have, asked again once forgotten',
    async run(mount) {
      let owned = ['reports.read']
      await withScene(mount, { latchkey: { ownerScopes: async () => owned } }, async (scene) => {
        const issued = await scene.issue({ scopes: ['*'], personal: true })
        expectLetIn(await scene.get('/reports', issued), issued)
        const refused = await scene.get('/reports-and-logs', issued)
        expectRefusal(refused, insufficientScope(THREE, ['logs.read', 'logs.write']))
        owned = []
        scene.latchkey.forgetOwner('alice')
        const taken = await scene.get('/reports', issued)
        expectRefusal(taken, insufficientScope(['reports.read']))
      })
    },
  },
]

/** What restricts a token: its networks and its scopes. */
export const guardRestrictionCases: readonly AdapterCase[] = [...addressCases, ...scopeCases]
