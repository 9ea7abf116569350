import assert from 'node:assert/strict'
import type { AdapterCase } from './adapter-case.js'
import { expectError, expectNoContent } from './answers.js'
import { json } from './http.js'
import { adminCase } from './scene.js'

const LONG = 'x'.repeat(30_000)
const SURROGATES = ['\ud800', 'a\udc00']
const each = (values: readonly unknown[]) => values.map((value) => [value])

/** Bad values by the path that an answer names; a path like `scopes[0]` is of an item of the member. */
const BAD: Readonly<Record<string, readonly unknown[]>> = {
  name: [
    '',
    ' \t ',
    5,
    true,
    {},
    [],
    ['x'],
    { $ne: null },
    'x'.repeat(201),
    LONG,
    'a\0b',
    'a\nb',
    '\x85x',
    ...SURROGATES,
  ],
  scopes: ['a', 5, {}, [], Array.from({ length: 101 }, (_, i) => `s${i}`)],
  'scopes[0]': each([
    5,
    null,
    ['a'],
    '',
    LONG,
    ...SURROGATES,
    ...'a b|.a|a..b|a.*.b|**|a\0|\xe4|__proto__ '.split('|'),
  ]),
  'scopes[1]': [
    ['a', 'a'],
    ['*', '*'],
    ['a', null],
  ],
  allowedCIDRBlocks: ['10.0.0.0/8', 5, {}, Array.from({ length: 101 }, (_, i) => `10.0.${i}.0/24`)],
  'allowedCIDRBlocks[0]': each([
    ...'10.0.0.1 010.0.0.0/8 10/8 10.0.0.1/8 10.0.0.0/08 10.0.0.0/33 0x0a.0.0.0/8 ::1'.split(' '),
    ...['fe80::1%eth0/128', '2001:db8::1/32', '', 5, null, LONG, '10.0.0.0/8\0'],
  ]),
  'allowedCIDRBlocks[1]': [
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.0.0.0/8', '::ffff:10.0.0.0/104'],
    ['2001:db8::/32', '2001:DB8:0::/32'],
  ],
  enabled: ['true', 1, 0, {}, []],
  additionalMetadata: ['x', 5, [], { a: 'x'.repeat(4_096) }, { a: '\ud800' }, { '\udc00': 1 }],
}
const BAD_TO_CREATE: Readonly<Record<string, readonly unknown[]>> = {
  personalAccessToken: ['true', 1, {}],
  owner: ['', ' ', 5, {}, [], LONG, '\0', '\ud800'],
  expirationDate: [
    ...['', 'soon', 'now', 'now-1d', 'now+1x', '2030-02-30', '2029-12-31', '10000-01-01', LONG],
    ...[0, -1, 1e300, true, {}, []],
  ],
}
const NO_MEMBERS = 'Name networks expiresAt metadata personal token permissions caller constructor toString'.split(' ')

export const routesInputCases: readonly AdapterCase[] = [
  adminCase('create refuses every bad member by name, and writes nothing', async (scene, call) => {
    await scene.unchanged(async () => {
      for (const [path, values] of Object.entries({ ...BAD, ...BAD_TO_CREATE })) {
        const member = path.replace(/\[.*/, '')
        for (const value of values) {
          const reply = await call('POST', '', { name: 'n', scopes: ['a'], [member]: value })
          assert.ok(reply.text.length < 2_000, 'no long echo')
          expectError(reply, 400, [path])
        }
      }
      for (const member of NO_MEMBERS)
        expectError(await call('POST', '', { name: 'n', scopes: ['a'], [member]: 1 }), 400, [member])
      for (const member of ['name', 'scopes']) {
        expectError(await call('POST', '', { name: 'n', scopes: ['a'], [member]: null }), 400, [member])
      }
    })
    assert.equal(Reflect.get({}, 'name'), undefined)
  }),
  adminCase('update refuses every bad member by name, and writes nothing', async (scene, call) => {
    const { id } = await scene.issue()
    await scene.unchanged(async () => {
      for (const [path, values] of Object.entries(BAD)) {
        const member = path.replace(/\[.*/, '')
        for (const value of values) expectError(await call('PUT', `/${id}`, { [member]: value }), 400, [path])
      }
      for (const member of NO_MEMBERS) expectError(await call('PUT', `/${id}`, { [member]: 1 }), 400, [member])
    })
  }),
  adminCase(
    'every violation is named at once',
    {
      latchkey: {
        maxLifetime: 86_400_000,
        scopes: { 'reports.read': 'Read reports', 'logs.read': 'Read logs', 'logs.write': 'Write logs' },
      },
    },
    async (scene, call) => {
      await scene.unchanged(async () => {
        const wrong = {
          name: '',
          scopes: ['x', 'reports.read', 5],
          allowedCIDRBlocks: ['x', '10.0.0.0/8'],
          enabled: 1,
          foo: 2,
        }
        const places = ['name', 'scopes[0]', 'scopes[2]', 'allowedCIDRBlocks[0]', 'enabled', 'foo']
        expectError(await call('POST', '', { ...wrong, expirationDate: 'now+2d' }), 400, [...places, 'expirationDate'])
        expectError(await call('POST', '', { ...wrong, expirationDate: 'x', owner: 1, personalAccessToken: 1 }), 400, [
          ...places,
          'expirationDate',
          'owner',
          'personalAccessToken',
        ])
        expectError(await call('PUT', '/unknown', wrong), 400, places)
        const late = { expirationDate: 'now+2d', previousSecretExpirationDate: 'now-1d', foo: 1 }
        expectError(await call('POST', '/self/rotate', late), 400, Object.keys(late))
      })
    },
  ),
  adminCase('__proto__ in a body is an unknown member, at every depth', async (scene, call) => {
    const { id } = await scene.issue()
    await scene.unchanged(async () => {
      expectError(await call('PUT', `/${id}`, '{"__proto__":{"enabled":false}}'), 400, ['__proto__'])
      const nested = '{"__proto__":{"name":"n","scopes":["a"]}}'
      expectError(await call('POST', '', nested), 400, ['__proto__', 'name', 'scopes'])
      const hostile = '{"__proto__":{"a":1}} {"__proto__":1} {"a":{"__proto__":{}}} {"a":[{"__proto__":null}]}'
      for (const metadata of hostile.split(' ')) {
        expectError(await call('PUT', `/${id}`, `{"additionalMetadata":${metadata}}`), 400, ['additionalMetadata'])
      }
      const deep = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`
      expectError(await call('PUT', `/${id}`, `{"additionalMetadata":${deep}}`), 400, ['additionalMetadata'])
      expectError(await call('PUT', `/${id}`, `{"name":${deep}}`), 400, ['name'])
    })
    assert.equal(Reflect.get({}, 'a'), undefined)
    assert.equal(Reflect.get({}, 'enabled'), undefined)
  }),
  adminCase('limits are inclusive', async (_scene, call) => {
    const most = {
      name: '\u{1f600}'.repeat(200),
      scopes: Array.from({ length: 100 }, (_, i) => `${i}`.padStart(100, 's')),
      allowedCIDRBlocks: Array.from({ length: 100 }, (_, i) => `10.0.${i}.0/24`),
      additionalMetadata: { a: 'x'.repeat(4_096 - 8) },
      expirationDate: '9999-12-31T23:59:59.999Z',
    }
    const created = await call('POST', '', most)
    assert.equal(created.status, 201)
    const { id } = json<{ id: string }>(created)
    const shown = json(await call('GET', `/${id}`))
    for (const [member, value] of Object.entries(most)) assert.deepEqual(shown[member], value)
    expectNoContent(await call('PUT', `/${id}`, { allowedCIDRBlocks: [], additionalMetadata: {} }))
    const lifted = json(await call('GET', `/${id}`))
    assert.deepEqual([lifted.allowedCIDRBlocks, lifted.additionalMetadata], [undefined, {}])
  }),
]
