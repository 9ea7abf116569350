import fc from 'fast-check'
import { CORPUS } from './corpus.js'
import { asBlock, asBody, asCursor, asHeaders, asPath, asQuery, asResource, asToken, cursor, good } from './targets.js'

export interface Fuzz {
  readonly name: string
  readonly property: fc.IAsyncPropertyWithHooks<never>
  /** Gives one text of the corpus to the target. */
  readonly feed: (text: string) => Promise<void>
  /** Inputs that grow: the same kind of text with `size` parts, for the long run's measurement of time. */
  readonly grow: (size: number) => () => Promise<void>
}

const anyText = fc.oneof(
  fc.constantFrom(...CORPUS),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ maxLength: 200 }),
)

/** A text with a few letters taken out, put in, doubled or exchanged. */
function mutated(text: fc.Arbitrary<string>, letters: string): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.nat(1_000),
    remove: fc.nat(2),
    insert: fc.oneof(fc.constant(''), fc.constantFrom(...letters), fc.string({ unit: 'binary', maxLength: 2 })),
  })
  return fc.tuple(text, fc.array(edit, { maxLength: 3 })).map(([whole, edits]) =>
    edits.reduce((current, { at, remove, insert }) => {
      const place = current.length === 0 ? 0 : at % (current.length + 1)
      return current.slice(0, place) + insert + current.slice(place + remove)
    }, whole),
  )
}

const tokens = fc.oneof(mutated(fc.constant(good), 'ABCXYZ234567.acme'), anyText)
const values = fc
  .tuple(fc.constantFrom('', 'Bearer ', 'bearer  ', 'BEARER\t', 'Api-Token ', 'Basic ', 'Bearer'), tokens)
  .map(([scheme, token]) => scheme + token)
const names = fc.oneof(
  fc.constantFrom('Authorization', 'authorization', 'AUTHORIZATION', 'X-API-Key', 'x-api-key', 'Cookie', '__proto__'),
  fc.string({ maxLength: 13 }),
)

const selectors = fc
  .array(
    fc.constantFrom('owner', 'scope', 'personalAccessToken', '(', ')', '"', '"a"', ',', '~', '~"', 'true', ' ', 'é'),
    { maxLength: 15 },
  )
  .map((parts) => parts.join(''))
const times = mutated(
  fc.constantFrom('now', 'now-1d', 'now+3M/w', '2021-01-25T05:57:01.123+01:00', '2024-02-29', '1700000000000'),
  '0123456789-+:/TZnowhdwMmy. ',
)
const parameter = fc.oneof(
  fc.tuple(fc.constant('apiTokenSelector'), fc.oneof(selectors, anyText)),
  fc.tuple(fc.constantFrom('from', 'to'), fc.oneof(times, anyText)),
  fc.tuple(fc.constant('sort'), mutated(fc.constantFrom('+name', '-creationDate', ' lastUsedDate'), '+- ,')),
  fc.tuple(fc.constant('fields'), mutated(fc.constantFrom('+scopes', 'id,name', '-owner,+enabled'), '+- ,')),
  fc.tuple(fc.constantFrom('createdAfter', 'expiresBefore', 'lastUsedAfter', 'unusedSince'), fc.oneof(times, anyText)),
  fc.tuple(fc.constantFrom('owner', 'scope', 'personal', 'enabled'), fc.oneof(fc.constantFrom('bob', 'true'), anyText)),
  fc.tuple(fc.constantFrom('pageSize', 'limit'), mutated(fc.constantFrom('100', '1'), '0123456789-+e.')),
  fc.tuple(fc.constantFrom('nextPageKey', 'cursor'), mutated(fc.constant(cursor), 'ABab01-_')),
  fc.tuple(fc.string({ maxLength: 10 }), anyText),
)
const queries = fc.array(fc.tuple(parameter, fc.boolean()), { maxLength: 4 }).map((all) => {
  const pair = (name: string, value: string, encode: boolean) =>
    encode ? `${encodeURIComponent(name)}=${encodeURIComponent(value.toWellFormed())}` : `${name}=${value}`
  return `?${all.map(([[name, value], encode]) => pair(name, value, encode)).join('&')}`
})

const dotted = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')
/** A block, and an address that differs from its base in a few low bits; or any block and address. */
const blocks = fc.oneof(
  fc.record({ base: fc.nat(0xffff_ffff), prefix: fc.nat(32), tail: fc.nat(0xffff) }).map(({ base, prefix, tail }) => ({
    block: `${dotted(prefix === 0 ? 0 : base & (-1 << (32 - prefix)))}/${prefix}`,
    address: dotted(base ^ tail),
  })),
  fc.record({ block: fc.ipV6().map((base) => `${base}/128`), address: fc.ipV6() }),
  fc.record({ block: fc.constantFrom('2001:db8::/32', '::/0', 'fe80::/10', '::/128'), address: fc.ipV6() }),
)
const blockTexts = fc
  .tuple(blocks, fc.constant(undefined))
  .chain(([{ block, address }]) =>
    fc.record({ text: mutated(fc.constant(block), '0123456789abcdefF:./% x'), address: fc.constant(address) }),
  )

/** A resource and one that differs from it in a few letters, or nothing. */
const resourcePairs = fc
  .constantFrom('project:1', 'project:*', 'a.b-c_d:x/y?z', 'project:', ':1', 'project:null', 'team:*')
  .chain((one) => fc.tuple(mutated(fc.constant(one), ':*/ project:1*'), mutated(fc.constant(one), ':*/ project:1*')))

const members = [
  'name',
  'scopes',
  'owner',
  'personalAccessToken',
  'enabled',
  'allowedCIDRBlocks',
  'expirationDate',
  'previousSecretExpirationDate',
  'additionalMetadata',
  'token',
]
const memberValues = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom('now+10m', 'reports.read', 'bob', 'alice', true, null, 1, good),
  fc.constantFrom(['reports.read'], ['apiTokens.*'], ['*'], ['10.0.0.0/8'], ['0.0.0.0/0'], []),
  anyText,
)
const bodies = fc.oneof(
  fc.dictionary(fc.oneof(fc.constantFrom(...members), fc.string({ maxLength: 5 })), memberValues, { maxKeys: 6 }),
  // One that would do, but for what is laid over it.
  fc.dictionary(fc.constantFrom(...members), memberValues, { maxKeys: 2 }).map((odd) => ({
    name: 'n',
    scopes: ['reports.read'],
    allowedCIDRBlocks: ['10.1.0.0/16'],
    expirationDate: 'now+10m',
    ...odd,
  })),
  fc.jsonValue(),
)
const paths = fc
  .array(fc.oneof(fc.constantFrom('/', 'self', 'lookup', 'rotate', 'openapi.json', '%2f', '..', good), anyText), {
    maxLength: 5,
  })
  .map((parts) => parts.join('/'))
const methods = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'OPTIONS', 'get', '__proto__')

function fuzz<Input>(
  name: string,
  inputs: fc.Arbitrary<Input>,
  target: (input: Input) => Promise<void>,
  feed: (text: string) => Promise<void>,
  grow: (size: number) => () => Promise<void>,
): Fuzz {
  return { name, property: fc.asyncProperty(inputs, target) as Fuzz['property'], feed, grow }
}

const query = (name: string, value: string) => asQuery(`?${name}=${encodeURIComponent(value.toWellFormed())}`)

/** Every target, each with random inputs, the corpus, and inputs that grow. Sizes of 1 to 10 stay below the caps. */
export const FUZZES: readonly Fuzz[] = [
  fuzz('token', tokens, asToken, asToken, (size) => () => asToken(`acme.${'A'.repeat(1_500 * size)}`)),
  fuzz(
    'headers',
    fc.array(fc.tuple(names, values), { maxLength: 5 }).map((pairs) => pairs.flat()),
    asHeaders,
    (text) => asHeaders(['Authorization', `Bearer ${text}`, 'X-Other', text]),
    (size) => () => asHeaders(['Authorization', `Bearer ${' \t'.repeat(1_500 * size)}x${' '.repeat(1_500 * size)}`]),
  ),
  fuzz(
    'CIDR block',
    blockTexts,
    ({ text, address }) => asBlock(text, address),
    (text) => asBlock(text, '10.0.0.1'),
    (size) => () =>
      asBody(0, {
        name: 'n',
        scopes: ['reports.read'],
        allowedCIDRBlocks: Array.from({ length: 10 * size }, (_, i) => `10.${i}.0.0/16`),
      }),
  ),
  fuzz(
    'resource',
    fc.oneof(resourcePairs, fc.tuple(anyText, anyText)),
    ([held, asked]) => asResource(held, asked),
    (text) => asResource(text, text),
    (size) => () => asResource(`project:${'1'.repeat(10 * size)}`, `project:${'1'.repeat(10 * size)}`),
  ),
  fuzz(
    'list query',
    queries,
    asQuery,
    (text) => asQuery(`?${text}`),
    (size) => () => asQuery(`?${'a=b&'.repeat(300 * size)}`),
  ),
  fuzz(
    'selector',
    fc.oneof(selectors, anyText),
    (text) => query('apiTokenSelector', text),
    (text) => query('apiTokenSelector', text),
    (size) => () => query('apiTokenSelector', `owner("${'~~'.repeat(180 * size)}`),
  ),
  fuzz(
    'timeframe',
    fc.oneof(times, anyText),
    (text) => query('from', text),
    (text) => query('from', text),
    (size) => () => query('from', `now-${'1'.repeat(1_500 * size)}`),
  ),
  fuzz(
    'cursor',
    fc.oneof(mutated(fc.constant(cursor), 'ABab01-_='), anyText),
    asCursor,
    asCursor,
    (size) => () => asCursor('A'.repeat(1_500 * size)),
  ),
  fuzz(
    'JSON body',
    fc.tuple(fc.nat(100), bodies),
    ([at, body]) => asBody(at, body),
    async (text) => {
      for (const member of members) await asBody(0, { name: 'n', scopes: ['reports.read'], [member]: text })
    },
    (size) => () =>
      asBody(0, {
        name: 'n'.repeat(6_000 * size),
        scopes: Array.from({ length: 10 * size }, (_, i) => `reports.${i}`),
      }),
  ),
  fuzz(
    'path',
    fc.tuple(methods, paths),
    ([method, path]) => asPath(method, path),
    (text) => asPath('GET', `/${text}`),
    (size) => () => asPath('GET', '/a'.repeat(500 * size)),
  ),
]
