import { expect, test } from 'vitest'
import type { CreateInput } from '../../src/index.js'
import { checkMetadata } from '../../src/manage/metadata.js'
import { DAY, hostCaller, NOW, testInstance } from '../support/instance.js'
import { refusal, refused } from '../support/outcome.js'

const GOOD = { name: 'nightly', owner: 'ada', scopes: ['reports.read'] }

const EMOJI = '\u{1F600}'
const nested = (depth: number): unknown => (depth === 1 ? {} : { in: nested(depth - 1) })
const hostile = (json: string): unknown => JSON.parse(json)

const BROKEN: readonly (readonly [string, object, ...string[]])[] = [
  ['no name', { name: undefined }, 'name'],
  ['name null', { name: null }, 'name'],
  ['name no text', { name: 7 }, 'name'],
  ['name a list', { name: ['x'] }, 'name'],
  ['name empty', { name: '' }, 'name'],
  ['name blank', { name: ' \t\n ' }, 'name'],
  ['name of 201 characters', { name: 'x'.repeat(201) }, 'name'],
  ['name of 201 code points', { name: EMOJI.repeat(201) }, 'name'],
  ['name of a megabyte', { name: 'x'.repeat(2 ** 20) }, 'name'],
  ['name with NUL', { name: 'a\u0000b' }, 'name'],
  ['name with a C1 control', { name: 'a\u0085b' }, 'name'],
  ['name with a line break', { name: 'a\nb' }, 'name'],
  ['name with a lone surrogate', { name: 'a\ud800b' }, 'name'],
  ['name that turns its end around', { name: 'a\u202egnp.exe' }, 'name'],
  ['name with a zero-width space', { name: 'ad\u200bmin' }, 'name'],
  ['name with a soft hyphen', { name: 'ad\u00admin' }, 'name'],
  ['name with a tag character', { name: 'ci\u{e0041}' }, 'name'],
  ['name with a line separator', { name: 'a\u2028b' }, 'name'],
  ['name with a paragraph separator', { name: 'a\u2029b' }, 'name'],
  ['name with a Hangul filler', { name: 'a\u3164b' }, 'name'],
  ['name with nothing but a filler', { name: '\uffa0' }, 'name'],
  ['name with a combining joiner', { name: 'ad\u034fmin' }, 'name'],
  ['name with a variation selector behind a letter', { name: 'admin\ufe0f' }, 'name'],
  ['name with a blank Braille pattern', { name: 'admin\u2800' }, 'name'],
  ['name with joiners around a variation selector', { name: 'c\u200d\ufe0f\u200di' }, 'name'],
  ['name with nothing but a blank Braille pattern', { name: '\u2800' }, 'name'],
  ['name with nothing but an accent', { name: '\u0301' }, 'name'],
  ['name with a joiner at its end', { name: 'ci\u200d' }, 'name'],
  ['name with two joiners', { name: 'c\u200c\u200di' }, 'name'],
  ['name with a joiner beside a blank', { name: 'ci \u200dx' }, 'name'],
  ['no scopes', { scopes: undefined }, 'scopes'],
  ['scopes null', { scopes: null }, 'scopes'],
  ['scopes a text', { scopes: 'reports.read' }, 'scopes'],
  ['scopes an object', { scopes: { 0: 'reports.read', length: 1 } }, 'scopes'],
  ['scopes empty', { scopes: [] }, 'scopes'],
  ['101 scopes', { scopes: Array.from({ length: 101 }, (_, i) => `s${i}`) }, 'scopes'],
  ['a scope that is no text', { scopes: ['a', 1] }, 'scopes[1]'],
  ['a scope that is null', { scopes: [null] }, 'scopes[0]'],
  ['a scope with a blank', { scopes: ['a b'] }, 'scopes[0]'],
  [
    'scopes with empty segments',
    { scopes: ['a..b', '.a', 'a.', ''] },
    'scopes[0]',
    'scopes[1]',
    'scopes[2]',
    'scopes[3]',
  ],
  [
    'wildcards in the wrong place',
    { scopes: ['a*', '*.a', 'a.*.b', '**'] },
    'scopes[0]',
    'scopes[1]',
    'scopes[2]',
    'scopes[3]',
  ],
  ['a scope of 101 characters', { scopes: ['a'.repeat(101)] }, 'scopes[0]'],
  ['a scope twice', { scopes: ['a', 'b', 'a', 'a'] }, 'scopes[2]', 'scopes[3]'],
  ['no owner', { owner: undefined }, 'owner'],
  ['owner null', { owner: null }, 'owner'],
  ['owner no text', { owner: { $ne: null } }, 'owner'],
  ['owner empty', { owner: '' }, 'owner'],
  ['owner with NUL', { owner: 'ada\u0000' }, 'owner'],
  ['owner that looks like another', { owner: 'ada\u200b' }, 'owner'],
  ['owner of 201 characters', { owner: 'x'.repeat(201) }, 'owner'],
  ['personal a text', { personal: 'true' }, 'personal'],
  ['personal a number', { personal: 1 }, 'personal'],
  ['enabled a text', { enabled: 'false' }, 'enabled'],
  ['enabled a number', { enabled: 0 }, 'enabled'],
  ['networks a text', { networks: '10.0.0.0/8' }, 'networks'],
  ['networks with null', { networks: [null] }, 'networks[0]'],
  ['a bare address', { networks: ['10.0.0.0/8', '10.0.0.1'] }, 'networks[1]'],
  ['host bits', { networks: ['10.0.0.1/8'] }, 'networks[0]'],
  [
    'octal and short forms',
    { networks: ['010.0.0.0/8', '10/8', '10.0.0.0/08'] },
    'networks[0]',
    'networks[1]',
    'networks[2]',
  ],
  ['a block twice in two spellings', { networks: ['10.0.0.0/8', '::ffff:10.0.0.0/104'] }, 'networks[1]'],
  ['101 networks', { networks: Array.from({ length: 101 }, (_, i) => `10.0.${i}.0/24`) }, 'networks'],
  ['resources a text', { resources: 'project:1' }, 'resources'],
  ['resources with null', { resources: [null] }, 'resources[0]'],
  ['what is no resource', { resources: ['project', 'project:1', '*', 'a:b*', 'a:b c'] }, ...at([0, 2, 3, 4])],
  ['a resource of 201 characters', { resources: [`p:${'x'.repeat(199)}`] }, 'resources[0]'],
  ['a resource twice', { resources: ['p:1', 'p:*', 'p:1'] }, 'resources[2]'],
  ['101 resources', { resources: Array.from({ length: 101 }, (_, i) => `p:${i}`) }, 'resources'],
  ['expiry now', { expiresAt: NOW }, 'expiresAt'],
  ['expiry relative now', { expiresAt: 'now' }, 'expiresAt'],
  ['expiry past', { expiresAt: NOW - 1 }, 'expiresAt'],
  ['expiry before 1970', { expiresAt: -1 }, 'expiresAt'],
  ['expiry in the year 10000', { expiresAt: 253_402_300_800_000 }, 'expiresAt'],
  ['expiry with a fraction', { expiresAt: NOW + 1.5 }, 'expiresAt'],
  ['expiry NaN', { expiresAt: Number.NaN }, 'expiresAt'],
  ['expiry infinite', { expiresAt: Number.POSITIVE_INFINITY }, 'expiresAt'],
  ['expiry true', { expiresAt: true }, 'expiresAt'],
  ['expiry an object', { expiresAt: { $gt: 0 } }, 'expiresAt'],
  ['expiry no date', { expiresAt: 'tomorrow' }, 'expiresAt'],
  ['expiry on 30 February', { expiresAt: '2027-02-30' }, 'expiresAt'],
  ['expiry in an unknown unit', { expiresAt: 'now+1s' }, 'expiresAt'],
  ['metadata a list', { metadata: [] }, 'metadata'],
  ['metadata a text', { metadata: '{}' }, 'metadata'],
  ['metadata of 4097 bytes', { metadata: { k: 'x'.repeat(4089) } }, 'metadata'],
  ['metadata nested 33 deep', { metadata: nested(33) }, 'metadata'],
  ['metadata with a lone surrogate', { metadata: { k: '\udc00' } }, 'metadata'],
  ['metadata with a lone surrogate in a key', { metadata: { '\udc00': 1 } }, 'metadata'],
  ['metadata with __proto__', { metadata: hostile('{"__proto__": {"admin": true}}') }, 'metadata'],
  ['metadata with __proto__ inside', { metadata: hostile('{"a": [{"__proto__": {"admin": true}}]}') }, 'metadata'],
  ['metadata with what JSON lacks', { metadata: { at: new Date(0) } }, 'metadata'],
  ['metadata with a function', { metadata: { toJSON: () => 'x' } }, 'metadata'],
  ['metadata with NaN', { metadata: { k: Number.NaN } }, 'metadata'],
  ['an unknown member', { expires: 1 }, 'expires'],
  ['a member of every object', { constructor: 1, toString: 2 }, 'constructor', 'toString'],
  ['__proto__', hostile('{"__proto__": {"owner": "root"}}') as object, '__proto__'],
]

function at(indexes: readonly number[]): string[] {
  return indexes.map((index) => `resources[${index}]`)
}

test.each(BROKEN)('%s is refused by its place, and nothing is written', async (_, broken, ...paths) => {
  const { latchkey, records } = testInstance()
  // Not by spread: it would not carry `__proto__` over.
  const input = Object.create(Object.prototype) as CreateInput
  for (const part of [GOOD, broken]) {
    for (const [key, value] of Object.entries(part)) {
      Object.defineProperty(input, key, { value, enumerable: true, configurable: true, writable: true })
    }
  }
  expect(await refused(latchkey.create(input))).toEqual({ code: 'ERR_INVALID_INPUT', paths: paths.toSorted() })
  expect(await records()).toEqual([])
  expect(Object.prototype).not.toHaveProperty('admin')
})

test.each([undefined, null, 7, 'x', [], () => 1])('input that is no object is refused: %s', async (input) => {
  const { latchkey, records } = testInstance()
  expect((await refusal(latchkey.create(input as never))).code).toBe('ERR_INVALID_INPUT')
  expect(await records()).toEqual([])
})

test('every violation is reported at once, uniqueness and the host maximum among them', async () => {
  const { latchkey } = testInstance({ maxLifetime: 30 * DAY, scopes: { 'reports.read': 'x' } })
  const input = {
    name: '',
    scopes: ['a', 'reports.read', 'reports.read', 'b c', 3],
    personal: 'x',
    enabled: 'x',
    networks: ['1.2.3.4', '10.0.0.0/8', '10.0.0.0/8'],
    expiresAt: NOW + 31 * DAY,
    metadata: 1,
    bogus: 1,
  } as never
  const { paths } = await refused(latchkey.create(input))
  expect(paths).toEqual([
    ...['bogus', 'enabled', 'expiresAt', 'metadata', 'name', 'networks[0]', 'networks[2]', 'owner', 'personal'],
    ...['scopes[0]', 'scopes[2]', 'scopes[3]', 'scopes[4]'],
  ])
})

test('a bare address gets a hint at its block, a violation never repeats a name', async () => {
  const { latchkey } = testInstance()
  const networks = await refusal(latchkey.create({ ...GOOD, networks: ['10.0.0.1', '2001:db8::1'] }))
  expect(networks.violations.map(({ message }) => message)).toEqual([
    expect.stringContaining('/32'),
    expect.stringContaining('/128'),
  ])
  const name = await refusal(latchkey.create({ ...GOOD, name: 'lk.SECRET\u0000' }))
  expect(JSON.stringify(name)).not.toContain('SECRET')
})

test('only declared scopes, wildcards over them, and the management scopes can be granted', async () => {
  const { latchkey } = testInstance({ scopes: { 'reports.read': 'x', metrics: 'x' } })
  const scopes = ['reports.read', 'reports.*', '*', 'metrics', 'apiTokens.read', 'apiTokens.*']
  expect((await latchkey.create({ ...GOOD, scopes })).apiToken.scopes).toEqual(scopes)
  const refusedScopes = ['reports', 'metrics.*', 'reports.write', 'report.*', 'apiTokens.delete']
  expect((await refused(latchkey.create({ ...GOOD, scopes: refusedScopes }))).paths).toEqual(
    refusedScopes.map((_, i) => `scopes[${i}]`),
  )
})

test('what is given is kept, with the name trimmed and blocks as written', async () => {
  const { latchkey, records } = testInstance()
  const metadata = { k: 'x'.repeat(4088) }
  const networks = ['::ffff:10.0.0.0/104', '2001:DB8::/32']
  const resources = ['project:17', 'Project:17', 'team:*']
  const name = `  ${EMOJI.repeat(200)} `
  const restricted = { networks, resources, personal: true, expiresAt: 'now+1d' }
  const issued = await latchkey.create({ ...GOOD, name, metadata, ...restricted })
  expect(issued.token.startsWith(`${issued.id}.`)).toBe(true)
  expect(issued.apiToken).toEqual({
    id: issued.id,
    name: EMOJI.repeat(200),
    owner: 'ada',
    personal: true,
    enabled: true,
    scopes: ['reports.read'],
    networks,
    resources,
    metadata,
    createdAt: NOW,
    createdBy: { kind: 'host' },
    expiresAt: NOW + DAY,
  })
  expect(await latchkey.get(issued.id)).toEqual(issued.apiToken)
  const stored = JSON.stringify(await records())
  expect(stored).not.toContain(issued.token)
  expect(stored).not.toContain(issued.token.slice(issued.id.length + 1))
})

test.each([
  ['a script that needs joiners', 'می\u200cخواهم'],
  ['an emoji that is joined', '\u{1F468}\u200d\u{1F469}\u200d\u{1F467} \u2764\ufe0f\u200d\u{1F525}'],
  ['an accent of its own', 'Ame\u0301lie'],
  ['marks and symbols alone', '→ #1'],
])('a name in %s is kept', async (_, name) => {
  const { latchkey } = testInstance()
  expect((await latchkey.create({ ...GOOD, name })).apiToken.name).toBe(name)
})

test('null counts as absent in optional members', async () => {
  const { latchkey } = testInstance()
  const nothing = { personal: null, enabled: null, networks: null, resources: null, expiresAt: null, metadata: null }
  const { apiToken } = await latchkey.create({ ...GOOD, ...nothing })
  const { id: _id, ...rest } = apiToken
  expect(rest).toEqual({
    ...GOOD,
    personal: false,
    enabled: true,
    networks: [],
    resources: [],
    createdAt: NOW,
    createdBy: { kind: 'host' },
  })
  const behalf = await latchkey.create({ name: 'x', scopes: ['a'], owner: null, personal: null }, hostCaller())
  expect(behalf.apiToken).toMatchObject({ owner: 'ada', personal: false })
})

test('the input stays as it was, and the token does not follow its later changes', async () => {
  const { latchkey } = testInstance()
  const input = { ...GOOD, name: ' n ', scopes: ['a'], networks: ['10.0.0.0/8'], metadata: { list: [1] } }
  const before = structuredClone(input)
  const { id, apiToken } = await latchkey.create(input)
  expect(input).toEqual(before)
  input.scopes.push('*')
  input.networks.length = 0
  input.metadata.list.push(2)
  const expected = { name: 'n', scopes: ['a'], networks: ['10.0.0.0/8'], metadata: { list: [1] } }
  expect(apiToken).toMatchObject(expected)
  expect(await latchkey.get(id)).toMatchObject(expected)
})

test('what one caller does to the metadata it is given, the next does not see', async () => {
  const { latchkey } = testInstance()
  const { token } = await latchkey.create({ ...GOOD, metadata: { plan: 'free', deep: { list: [1] } } })
  const first = await latchkey.verify(token)
  if (!first.ok) throw new Error('refused')
  const metadata = first.token.metadata as { plan: string; deep: { list: number[] } }
  expect(() => {
    metadata.plan = 'gold'
  }).toThrow(TypeError)
  expect(() => metadata.deep.list.push(2)).toThrow(TypeError)
  expect(await latchkey.verify(token)).toMatchObject({ token: { metadata: { plan: 'free', deep: { list: [1] } } } })
})

test('the host maximum bounds and fills in the expiry', async () => {
  const { latchkey, records } = testInstance({ maxLifetime: 30 * DAY })
  const latest = NOW + 30 * DAY
  expect((await latchkey.create(GOOD)).apiToken.expiresAt).toBe(latest)
  expect((await latchkey.create({ ...GOOD, expiresAt: latest })).apiToken.expiresAt).toBe(latest)
  const { violations } = await refusal(latchkey.create({ ...GOOD, expiresAt: latest + 1 }))
  expect(violations).toEqual([{ path: 'expiresAt', message: expect.stringContaining('2026-02-14T12:00:00.000Z') }])
  expect(await records()).toHaveLength(2)
})

test('a created token verifies at once, also where its id was just found unknown', async () => {
  const { latchkey } = testInstance()
  const { token, id } = await latchkey.create(GOOD)
  expect(await latchkey.verify(token, { scopes: ['reports.read'] })).toMatchObject({ ok: true, token: { id } })
  const off = await latchkey.create({ ...GOOD, enabled: false })
  expect(await latchkey.verify(off.token)).toEqual({ ok: false, denial: { reason: 'disabled' } })
})

test('as many values as 4 KiB of JSON can hold are no problem, more are one at once', () => {
  const dense = { ab: Array(2043).fill(0) }
  expect(JSON.stringify(dense)).toHaveLength(4094)
  expect(checkMetadata(dense)).toBeUndefined()
  expect(checkMetadata({ ab: [...dense.ab, 10] })).toBe('Must have at most 4096 bytes as JSON.')
  // It ends behind those that could fit, so what comes later is not even looked at.
  expect(checkMetadata({ a: [...Array(4096).fill(0), undefined] })).toBe('Must have at most 4096 bytes as JSON.')
})
