import type { Exchange } from './exchange.js'
import { COUNT, failure, ID, LIST, TEXT, TIME } from './shapes.js'

const POST = 'POST {{api}}'
const GET = 'GET {{api}}'

/** Makes a token and saves its id and secret. */
function made(name: string, scopes: readonly string[], more: object = {}): Exchange {
  const save = { [`${name}Id`]: 'id', [name]: 'token' }
  return { shows: `the token ${name}`, send: POST, body: { name, scopes, ...more }, status: 201, save }
}

function refused(parameter: string, values: readonly string[]): Exchange[] {
  return values.map((value) => ({
    shows: `the ${parameter} ${JSON.stringify(value.slice(0, 60))} is refused`,
    send: GET,
    query: { [parameter]: value },
    status: 400,
    answer: failure(400, [parameter], 'QUERY'),
  }))
}

/** The whole page: these tokens, with their ids alone. */
function page(...ids: string[]): object {
  return {
    apiTokens: ids.map((id) => ({ id: `{{${id}}}` })),
    nextPageKey: null,
    pageSize: 200,
    totalCount: ids.length,
  }
}

const PAGES: readonly Exchange[] = [
  {
    shows: 'without parameters: 200 at most, newest first, with the standard fields',
    send: GET,
    status: 200,
    answer: { apiTokens: LIST, nextPageKey: null, pageSize: 200, totalCount: COUNT },
  },
  { ...made('paged', ['geographicRegions.read']), shows: 'more tokens than one page holds', times: 101 },
  {
    shows: 'a page of 100 names the next, and counts all',
    send: GET,
    query: { pageSize: '100', apiTokenSelector: 'scope("geographicRegions.read")', fields: 'name' },
    status: 200,
    answer: { apiTokens: LIST, nextPageKey: TEXT, pageSize: 100, totalCount: 101 },
    listed: 100,
    save: { next: 'nextPageKey' },
  },
  {
    shows: 'the next page takes the key alone, and is the last',
    send: `${GET}?nextPageKey={{next}}`,
    status: 200,
    answer: { apiTokens: [{ id: ID, name: 'paged' }], nextPageKey: null, pageSize: 100, totalCount: 101 },
  },
  {
    shows: 'a key beside another parameter is refused',
    send: `${GET}?nextPageKey={{next}}&pageSize=100`,
    status: 400,
    answer: failure(400, ['pageSize'], 'QUERY'),
  },
  ...[`${GET}?nextPageKey={{next}}A`, `${GET}?nextPageKey=`, `${GET}?nextPageKey=AQAAAB==`].map(
    (send, i): Exchange => ({
      shows: `a key that the list did not give out is refused (${i + 1})`,
      send,
      status: 400,
      answer: failure(400, ['nextPageKey'], 'QUERY'),
    }),
  ),
  {
    shows: 'one page may hold 10,000',
    send: `${GET}?pageSize=10000&apiTokenSelector=scope("geographicRegions.read")`,
    status: 200,
    including: { nextPageKey: null, pageSize: 10_000, totalCount: 101 },
    listed: 101,
  },
  { shows: 'a HEAD has the head of a GET', send: 'HEAD {{api}}', status: 200 },
  ...refused('pageSize', ['99', '10001', 'ten', '-100', '1e3', '']),
  {
    shows: 'an unknown parameter is refused',
    send: GET,
    query: { page: '2' },
    status: 400,
    answer: failure(400, ['page'], 'QUERY'),
  },
  {
    shows: 'a repeated parameter is refused',
    send: `${GET}?pageSize=100&pageSize=100`,
    status: 400,
    answer: failure(400, ['pageSize'], 'QUERY'),
  },
  {
    shows: 'a token without apiTokens.read lists nothing',
    send: GET,
    as: 'plain',
    status: 403,
    answer: failure(403),
    answerHeaders: { 'www-authenticate': 'Bearer realm="api", error="insufficient_scope", scope="apiTokens.read"' },
  },
]

const SELECTED: readonly (readonly [selector: string, ...ids: string[]])[] = [
  ['scope("hub.read")', 'machineId'],
  ['scope("hub.write")', 'personId'],
  ['scope("hub.write","hub.read")', 'personId', 'machineId'],
  ['scope("hub.read","hub.write"),personalAccessToken(true)', 'personId'],
  ['personalAccessToken(false),scope("hub.read","hub.write")', 'machineId'],
  ['owner("admin"),scope("hub.read"),personalAccessToken(false)', 'machineId'],
  [' owner ( "admin" ) , scope ( "hub.read" , "Davis" ) ', 'machineId'],
  ['owner("Admin"),scope("hub.read")'],
  ['scope("hub.*")'],
]

const SELECTOR: readonly Exchange[] = [
  made('machine', ['hub.read']),
  made('person', ['hub.write'], { personalAccessToken: true }),
  ...SELECTED.map(
    ([apiTokenSelector, ...ids]): Exchange => ({
      shows: `the selector ${apiTokenSelector} finds ${ids.join(' and ') || 'nothing'}`,
      send: GET,
      query: { apiTokenSelector, fields: 'id' },
      status: 200,
      answer: page(...ids),
    }),
  ),
  ...refused('apiTokenSelector', [
    '',
    'owner(admin)',
    'owner("admin"',
    'owner("admin)',
    'owner("a"),owner("b")',
    'owner("a","b")',
    'owner("a") scope("b")',
    'personalAccessToken("true")',
    'personalAccessToken(yes)',
    'scope()',
    'name("x")',
    'scope("a"),',
  ]),
]

const DEFAULTS = { id: '{{fullId}}', name: 'full ✓', enabled: true, owner: 'admin', creationDate: TIME }
const { creationDate: _date, ...UNDATED } = DEFAULTS
const FULL_ONLY = 'apiTokenSelector=scope("releases.read")'

/** Queries as they are sent, and the members that a token has then. */
const FIELDS: readonly (readonly [query: string, shown: object])[] = [
  ['', DEFAULTS],
  ['&fields=%2BexpirationDate,%2Bscopes', { ...DEFAULTS, expirationDate: TIME, scopes: LIST }],
  ['&fields=+scopes', { ...DEFAULTS, scopes: ['releases.read', 'apiTokens.read'] }],
  ['&fields=+scopes,-creationDate', { ...UNDATED, scopes: LIST }],
  ['&fields=-creationDate,+scopes', { ...UNDATED, scopes: LIST }],
  ['&fields=-creationDate,-owner,-id', { id: '{{fullId}}', name: 'full ✓', enabled: true }],
  [
    '&fields=creationDate,expirationDate,owner',
    { id: '{{fullId}}', owner: 'admin', creationDate: TIME, expirationDate: TIME },
  ],
  ['&fields=%2BpersonalAccessToken', { ...DEFAULTS, personalAccessToken: true }],
  ['&fields=%2BexpirationDate', { ...DEFAULTS, expirationDate: '2100-06-01T12:00:00.000Z' }],
  ['&fields=%2BlastUsedDate', { ...DEFAULTS, lastUsedDate: '{{used}}' }],
  ['&fields=%2BlastUsedIpAddress', { ...DEFAULTS, lastUsedIpAddress: '127.0.0.1' }],
  ['&fields=%2BmodifiedDate', DEFAULTS],
  ['&fields=%2BadditionalMetadata', { ...DEFAULTS, additionalMetadata: { team: 'blue', nested: LIST } }],
  ['&fields=%2BallowedCIDRBlocks', { ...DEFAULTS, allowedCIDRBlocks: ['127.0.0.0/8', '2001:db8::/32'] }],
]

const FIELD: readonly Exchange[] = [
  { shows: 'a token is used', send: 'GET {{api}}/self', as: 'full', status: 200, including: { id: '{{fullId}}' } },
  {
    shows: 'when and from where is shown soon',
    send: 'GET {{api}}/{{fullId}}',
    status: 200,
    including: { lastUsedDate: TIME, lastUsedIpAddress: '127.0.0.1' },
    eventually: true,
    save: { used: 'lastUsedDate' },
  },
  ...FIELDS.map(
    ([query, shown]): Exchange => ({
      shows: `fields as in "${query}"`,
      send: `${GET}?${FULL_ONLY}${query}`,
      status: 200,
      answer: { apiTokens: [shown], nextPageKey: null, pageSize: 200, totalCount: 1 },
    }),
  ),
  ...refused('fields', ['', 'color', '+color', 'name,+owner', '+name,owner', 'name,name', 'name,,owner', '-']),
]

/** Bounds on the last use, as they are sent, that hold for a token used just now. */
const HOLDING = [
  'from={{used}}',
  'from={{used}}&to={{used}}',
  'to=now',
  'from=1611554221123',
  'from=2021-01-25T05:57:01.123+01:00',
  'from=2021-01-25T05:57:01.123%2B01:00',
  'from=2021-01-25 05:57',
  'from=2021-01-25T05:57:01&to=now+1d',
  'from=now-90m&to=now%2B1h',
  'from=now-2h',
  'from=now-3d/d',
  'from=now-4w',
  'from=now-1M',
  'from=now-1y/w',
  'from=now/y',
]
const NOT_HOLDING = ['to=now-1h', 'from=now-2y&to=now-1y', 'to=2021-01-25', 'from=now%2B1m&to=now%2B1d', 'to=0']

const TIMEFRAME: readonly Exchange[] = [
  ...HOLDING.map(
    (query): Exchange => ({
      shows: `used within ${query}`,
      send: `${GET}?${FULL_ONLY}&fields=id&${query}`,
      status: 200,
      answer: page('fullId'),
    }),
  ),
  ...NOT_HOLDING.map(
    (query): Exchange => ({
      shows: `not used within ${query}`,
      send: `${GET}?${FULL_ONLY}&${query}`,
      status: 200,
      answer: page(),
    }),
  ),
  {
    shows: 'a token that was never used is within no bounds',
    send: `${GET}?from=0&to=now&apiTokenSelector=scope("hub.read")`,
    status: 200,
    answer: page(),
  },
  ...refused('from', [
    'yesterday',
    '2021-02-30',
    'now-1x',
    '-1',
    'now-1000y',
    '',
    'now-1h/q',
    'now+1d',
    '2021-01-25T24:00',
  ]),
  ...refused('to', ['tomorrow', '10000-01-01', '2021-13-01', 'now-']),
  {
    shows: 'bounds in the wrong order are refused',
    send: `${GET}?from=now-1h&to=now-2h`,
    status: 400,
    answer: failure(400, ['from'], 'QUERY'),
  },
]

const SORTED: readonly (readonly [sort: string, ...ids: string[]])[] = [
  ['sort=name', 'BetaId', 'alphaId', 'wideId', 'smileId'],
  ['sort=+name', 'BetaId', 'alphaId', 'wideId', 'smileId'],
  ['sort=%2Bname', 'BetaId', 'alphaId', 'wideId', 'smileId'],
  ['sort=-name', 'smileId', 'wideId', 'alphaId', 'BetaId'],
  ['', 'wideId', 'smileId', 'BetaId', 'alphaId'],
  ['sort=creationDate', 'alphaId', 'BetaId', 'smileId', 'wideId'],
  ['sort=-creationDate', 'wideId', 'smileId', 'BetaId', 'alphaId'],
  ['sort=expirationDate', 'BetaId', 'smileId', 'wideId', 'alphaId'],
  ['sort=-expirationDate', 'alphaId', 'wideId', 'smileId', 'BetaId'],
  ['sort=modifiedDate&pair', 'alphaId', 'BetaId'],
  ['sort=-modifiedDate&pair', 'BetaId', 'alphaId'],
  ['sort=+lastUsedDate&pair', 'alphaId', 'BetaId'],
  ['sort=-lastUsedDate&pair', 'BetaId', 'alphaId'],
]

const SORT: readonly Exchange[] = [
  made('alpha', ['slo.read', 'slo.write']),
  made('Beta', ['slo.read', 'slo.write'], { expirationDate: '2100-01-01' }),
  {
    ...made('smile', ['slo.read']),
    body: { name: '😀', scopes: ['slo.read'], expirationDate: '2101-01-01' },
  },
  {
    ...made('wide', ['slo.read']),
    body: { name: '～', scopes: ['slo.read'], expirationDate: '2102-01-01' },
  },
  {
    shows: 'one is modified',
    send: 'PUT {{api}}/{{BetaId}}',
    body: { scopes: ['slo.write', 'slo.read'] },
    status: 204,
  },
  { shows: 'and used', send: 'GET {{api}}/self', as: 'Beta', status: 200 },
  {
    shows: 'which is shown soon',
    send: 'GET {{api}}/{{BetaId}}',
    status: 200,
    including: { lastUsedDate: TIME },
    eventually: true,
  },
  ...SORTED.map(
    ([sort, ...ids]): Exchange => ({
      shows: `in the order of ${sort || 'no parameter'}`,
      send: `${GET}?fields=id&apiTokenSelector=scope("slo.${sort.endsWith('&pair') ? 'write' : 'read'}")&${sort.replace('&pair', '')}`,
      status: 200,
      answer: page(...ids),
    }),
  ),
  ...refused('sort', ['', 'owner', '--name', '+', 'name,owner', 'NAME']),
]

/** Owners as people have them, and how a selector spells them. */
const OWNERS: readonly (readonly [owner: string, spelt: string])[] = [
  ['Ann "the boss" O\'Neil', 'Ann ~"the boss~" O\'Neil'],
  ['Соня, Київ', 'Соня, Київ'],
  ['~tilde~', '~~tilde~~'],
  ['grins 😀', 'grins 😀'],
  ['a),scope("b")', 'a),scope(~"b~")'],
  ['50%+1&x=y#z', '50%+1&x=y#z'],
]

const OWNER: readonly Exchange[] = OWNERS.flatMap(([owner, spelt]): Exchange[] => [
  {
    shows: `a token for ${owner}`,
    send: 'POST {{there}}',
    body: { name: 'theirs', scopes: ['metrics.read'], owner },
    status: 201,
    save: { ownedId: 'id' },
  },
  {
    shows: `is found by owner("${spelt}")`,
    send: 'GET {{there}}',
    query: { apiTokenSelector: `owner("${spelt}"),scope("metrics.read")`, fields: 'owner' },
    status: 200,
    answer: { apiTokens: [{ id: '{{ownedId}}', owner }], nextPageKey: null, pageSize: 200, totalCount: 1 },
  },
])

export const dynatraceList: readonly Exchange[] = [...PAGES, ...SELECTOR, ...FIELD, ...TIMEFRAME, ...SORT, ...OWNER]
