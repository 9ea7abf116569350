// Whatever is sent, the answer names what is wrong with it; where requests come from is read strictly.
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from './nodes.js'
import { FRAMEWORKS, scene } from './scene.js'

interface Refused {
  readonly error: { readonly constraintViolations?: readonly { readonly path: string }[] }
}

const LONG = 'x'.repeat(60_000)

/** What a member that should hold something else may be given. */
const ODD: readonly unknown[] = [
  { $ne: null },
  { length: 1, 0: 'x' },
  [],
  [[]],
  [null],
  '',
  'a\u0000b',
  '\ud800',
  LONG,
  0,
  -1,
  1e308,
  true,
]

/** Which of these a member takes after all. */
const FINE: Readonly<Record<string, (value: unknown) => boolean>> = {
  name: () => false,
  scopes: () => false,
  owner: () => false,
  allowedCIDRBlocks: (value) => Array.isArray(value) && value.length === 0,
  expirationDate: () => false,
  personalAccessToken: (value) => value === true,
  enabled: (value) => value === true,
  additionalMetadata: (value) => typeof value === 'object' && !Array.isArray(value),
}

describe.each(FRAMEWORKS)('on %s', (framework) => {
  test('15 a member of a wrong type, shape or size is a 400 that names it, and no prototype is touched', async () => {
    const { call, issue, records } = await scene(framework)
    const { token } = await issue({ scopes: ['*'] })
    const before = await records()
    for (const [member, fine] of Object.entries(FINE)) {
      for (const value of ODD.filter((odd) => !fine(odd))) {
        const body = { name: 'odd', scopes: ['reports.read'], [member]: value }
        const reply = await call('POST', '/tokens', token, { body })
        expect([member, value, reply.status]).toEqual([member, value, 400])
        const { error } = reply.json<Refused>()
        expect(error.constraintViolations?.map(({ path }) => path.replace(/[[.].*$/, ''))).toContain(member)
        expect(reply.text.length).toBeLessThan(2_000)
      }
    }
    const polluting: readonly (readonly [path: string, body: string])[] = [
      ['__proto__', '{"name": "x", "scopes": ["reports.read"], "__proto__": {"polluted": true}}'],
      ['constructor', '{"name": "x", "scopes": ["reports.read"], "constructor": {"prototype": {"polluted": true}}}'],
      [
        'additionalMetadata',
        '{"name": "x", "scopes": ["reports.read"], "additionalMetadata": {"__proto__": {"polluted": true}}}',
      ],
      ['', '[]'],
      ['', 'null'],
      ['', '"x"'],
    ]
    for (const [path, body] of polluting) {
      const reply = await call('POST', '/tokens', token, { body })
      expect(reply.status).toBe(400)
      expect(reply.json<Refused>().error.constraintViolations).toContainEqual(expect.objectContaining({ path }))
    }
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
    expect(await records()).toEqual(before)
  })

  test('15 bodies, queries and paths of any length or bytes take bounded memory and an answer of 4xx', async () => {
    const { call, issue, records } = await scene(framework)
    const { token } = await issue({ scopes: ['*'] })
    const before = await records()
    const post = async (body: string, ...headers: string[]) =>
      (await call('POST', '/tokens', token, { body, ...(headers.length > 0 && { headers }) })).status
    expect(await post('x'.repeat(1_000_000))).toBe(413)
    expect(await post(`${'['.repeat(30_000)}${']'.repeat(30_000)}`)).toBe(400)
    expect(await post(`{"name": ${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`)).toBe(400)
    expect(await post('{"name": "x"', 'Content-Type', 'application/json')).toBe(400)
    expect(await post('{}', 'Content-Type', 'text/plain')).toBe(415)
    expect(await post('{}', 'Content-Type', 'application/json', 'Content-Encoding', 'gzip')).toBe(415)
    const paths = [
      '/tokens?pageSize[]=100',
      '/tokens?pageSize=1e3',
      '/tokens?pageSize=100&pageSize=100',
      '/tokens?__proto__[x]=1',
      `/tokens?apiTokenSelector=${'owner('.repeat(1_000)}`,
      `/tokens?nextPageKey=${'A'.repeat(8_000)}`,
      '/tokens?from=%00',
      '/tokens?sort=%ED%A0%80',
    ]
    for (const path of paths) expect([path, (await call('GET', path, token)).status]).toEqual([path, 400])
    for (const id of ['%00', '__proto__', '%2e%2e', 'acme.', 'x'.repeat(8_000), '%E0%A4']) {
      expect([id, (await call('GET', `/tokens/${id}`, token)).status]).toEqual([id, 404])
    }
    expect(await records()).toEqual(before)
  })

  test('46 junk is answered by less than it sent, whatever the operation', async () => {
    const { call, issue } = await scene(framework, { scopes: { 'reports.read': 'Read reports' } })
    const { id, token } = await issue({ scopes: ['*'] })
    const members = Array.from({ length: 6_000 }, (_, i) => [`m${i}`, 1] as const)
    const junk = [Object.fromEntries(members), { scopes: members.map(([name]) => name) }]
    for (const body of junk) {
      for (const [method, path] of [
        ['POST', '/tokens'],
        ['PUT', `/tokens/${id}`],
        ['POST', `/tokens/${id}/rotate`],
        ['POST', `/panther/${id}`],
      ] as const) {
        const { status, text } = await call(method, path, token, { body })
        expect([method, path, status]).toEqual([method, path, 400])
        expect([path, text.length < JSON.stringify(body).length]).toEqual([path, true])
      }
    }
  })

  test("12 the address is the framework's: forwarding headers count only from a proxy that the host trusts", async () => {
    const forwarding = (from: string) => [
      ['X-Forwarded-For', from],
      ['X-Real-IP', from],
      ['Forwarded', `for=${from}`],
      ['CF-Connecting-IP', from],
      ['True-Client-IP', from],
      ['X-Client-IP', from],
    ]
    const direct = await scene(framework)
    const outside = await direct.issue({ networks: ['192.0.2.0/24'], scopes: ['*'] })
    const inside = await direct.issue({ networks: ['127.0.0.0/8'], scopes: ['*'] })
    for (const headers of forwarding('192.0.2.1')) {
      for (const path of ['/reports.read', '/tokens']) {
        expect((await direct.call('GET', path, outside.token, { headers })).status).toBe(403)
        expect((await direct.call('GET', path, inside.token, { headers })).status).toBe(200)
      }
    }
    const proxied = await scene(framework, {}, { trustProxy: 'loopback' })
    const { token } = await proxied.issue({ networks: ['192.0.2.0/24'] })
    const from = async (address: string) =>
      (await proxied.call('GET', '/reports.read', token, { headers: ['X-Forwarded-For', address] })).status
    expect(await from('192.0.2.1')).toBe(200)
    // What stands left of the last hop was written by the client.
    expect(await from('192.0.2.1, 203.0.113.9')).toBe(403)
    expect(await from('203.0.113.9, 192.0.2.1')).toBe(200)
    expect(await from('192.0.2.1:51234')).toBe(200)
    for (const odd of ['unknown', '192.0.2.1:https', '0300.0.2.1', '192.0.513', '']) expect(await from(odd)).toBe(403)

    const socket = join(temporaryFolder(onTestFinished), 'host.sock')
    const { call, issue } = await scene(framework, {}, { socket })
    const everywhere = await issue({ networks: ['0.0.0.0/0', '::/0'] })
    expect((await call('GET', '/reports.read', everywhere.token)).status).toBe(403)
    expect((await call('GET', '/reports.read', (await issue()).token)).status).toBe(200)
  })

  test('12 a host that believes any X-Forwarded-For is warned once, when a restricted token comes', async () => {
    const warnings: Error[] = []
    const listener = (warning: Error) => void warnings.push(warning)
    process.on('warning', listener)
    const { call, issue } = await scene(framework, {}, { trustProxy: true })
    const free = await issue()
    const restricted = await issue({ networks: ['192.0.2.0/24'] })
    await call('GET', '/reports.read', free.token)
    await new Promise(setImmediate)
    expect(warnings).toEqual([])
    for (let i = 0; i < 3; i++) await call('GET', '/reports.read', restricted.token)
    await new Promise(setImmediate)
    process.off('warning', listener)
    expect(warnings).toMatchObject([{ name: 'LatchkeyWarning', code: 'LATCHKEY_FORGEABLE_ADDRESS' }])
  })

  test('13 blocks are written strictly, and IPv4 in IPv6 is IPv4 on both sides', async () => {
    const { call, issue } = await scene(framework, {}, { trustProxy: 'loopback' })
    const admin = (await issue({ scopes: ['*'] })).token
    const create = (block: unknown) =>
      call('POST', '/tokens', admin, { body: { name: 'n', scopes: ['reports.read'], allowedCIDRBlocks: [block] } })
    const refused = [
      '010.0.0.0/8',
      '10/8',
      '10.0/16',
      '0x0a.0.0.0/8',
      '167772160/8',
      '10.0.0.0/08',
      '10.0.0.0/33',
      '10.0.0.1/8',
      '10.0.0.1',
      'fe80::%eth0/64',
      '::ffff:10.0.0.1/104',
      '::ffff:0:0/90',
      '::/129',
      '2001:db8::1/32',
      ' 10.0.0.0/8',
      '10.0.0.0/8\n',
    ]
    for (const block of refused) {
      const reply = await create(block)
      expect([block, reply.status]).toEqual([block, 400])
      expect(reply.text).toContain('"allowedCIDRBlocks[0]"')
    }
    const matching: readonly (readonly [block: string, inside: readonly string[], outside: readonly string[]])[] = [
      ['10.0.0.0/8', ['10.1.2.3', '::ffff:10.1.2.3', '::FFFF:a01:203'], ['11.0.0.0', '010.1.2.3', '::10.1.2.3']],
      ['::ffff:10.0.0.0/104', ['10.1.2.3', '::ffff:10.1.2.3'], ['::a01:203', '11.0.0.0']],
      ['0.0.0.0/0', ['203.0.113.9', '::ffff:203.0.113.9'], ['2001:db8::1', '::1']],
      ['::/0', ['2001:db8::1', '::1'], ['203.0.113.9', '::ffff:203.0.113.9', '::ffff:cb00:7109']],
    ]
    for (const [block, inside, outside] of matching) {
      const { token } = (await create(block)).json<{ token: string }>()
      for (const [addresses, status] of [
        [inside, 200],
        [outside, 403],
      ] as const) {
        for (const address of addresses) {
          const reply = await call('GET', '/reports.read', token, { headers: ['X-Forwarded-For', address] })
          expect([block, address, reply.status]).toEqual([block, address, status])
        }
      }
    }
  })
})
