import type { ApiToken } from '../../types.js'
import type { Dialect } from './dialect.js'
import { anyScope, bound, flag, owner, unusedSince } from './filters.js'
import { COUNT, FLAG, list, object, TEXT, TEXTS, TIME } from './json-schema.js'
import { problem } from './problem.js'
import { always, iso, maybe, type Resource, resourceSchema, show } from './resource.js'

const ACTOR = object({ kind: { enum: ['token', 'user', 'host'] }, id: TEXT, owner: TEXT }, ['kind'])

const RESOURCE: Resource = {
  id: always(TEXT, ({ id }) => id),
  name: always(TEXT, ({ name }) => name),
  owner: always(TEXT, ({ owner }) => owner),
  personal: always(FLAG, ({ personal }) => personal),
  enabled: always(FLAG, ({ enabled }) => enabled),
  scopes: always(TEXTS, ({ scopes }) => scopes),
  networks: always(TEXTS, ({ networks }) => networks),
  resources: always(TEXTS, ({ resources }) => resources),
  format: maybe(TEXT, ({ format }) => format),
  metadata: maybe({ type: 'object' }, ({ metadata }) => metadata),
  createdAt: always(TIME, ({ createdAt }) => iso(createdAt)),
  createdBy: maybe(ACTOR, ({ createdBy }) => createdBy),
  expiresAt: maybe(TIME, ({ expiresAt }) => iso(expiresAt)),
  modifiedAt: maybe(TIME, ({ modifiedAt }) => iso(modifiedAt)),
  modifiedBy: maybe(ACTOR, ({ modifiedBy }) => modifiedBy),
  rotatedAt: maybe(TIME, ({ rotatedAt }) => iso(rotatedAt)),
  lastUsedAt: maybe(TIME, ({ lastUsedAt }) => iso(lastUsedAt)),
  lastUsedIp: maybe(TEXT, ({ lastUsedIp }) => lastUsedIp),
  previousSecret: maybe(
    object({ expiresAt: TIME, lastUsedAt: TIME, lastUsedIp: TEXT }, ['expiresAt']),
    ({ previousSecret: previous }) =>
      previous && {
        expiresAt: iso(previous.expiresAt),
        lastUsedAt: iso(previous.lastUsedAt),
        lastUsedIp: previous.lastUsedIp,
      },
  ),
}

/**
 * A token as our own dialect shows it: a plain object, with times in ISO 8601.
 *
 * @example
 * console.log(JSON.stringify(showToken(await latchkey.get(id))))
 */
export function showToken(token: ApiToken): Record<string, unknown> {
  return show(RESOURCE, token)
}

const WRITABLE = own('name', 'enabled', 'scopes', 'networks', 'resources', 'metadata', 'expiresAt')
const CREATE = { ...WRITABLE, ...own('owner', 'personal') }
/** They may change between a client's read and its update. */
const OF_USE = ['lastUsedAt', 'lastUsedIp', 'previousSecret']

const TOKEN = resourceSchema(RESOURCE)
const ISSUED = resourceSchema(RESOURCE, { token: TEXT })

/** Our own dialect: the words of the in-process calls. */
export const latchkey: Dialect = {
  name: 'latchkey',
  routes: {
    list: { method: 'GET', path: '/' },
    create: { method: 'POST', path: '/' },
    lookup: { method: 'POST', path: '/lookup' },
    revoke: { method: 'POST', path: '/revoke' },
    revokeAll: { method: 'POST', path: '/revoke-all' },
    explain: { method: 'POST', path: '/explain' },
    capabilities: { method: 'GET', path: '/capabilities' },
    describe: { method: 'GET', path: '/openapi.json' },
    get: { method: 'GET', path: '/{id}' },
    update: { method: 'PATCH', path: '/{id}' },
    delete: { method: 'DELETE', path: '/{id}' },
    rotate: { method: 'POST', path: '/{id}/rotate' },
    finish: { method: 'POST', path: '/{id}/rotate/finish' },
    cancel: { method: 'POST', path: '/{id}/rotate/cancel' },
  },
  members: {
    create: CREATE,
    update: WRITABLE,
    rotate: own('previousExpiresAt', 'expiresAt'),
    lookup: own('token'),
    revoke: own('token'),
    revokeAll: {
      ...own('owner', 'personal', 'enabled', 'createdAfter', 'createdBefore', 'expiresAfter', 'expiresBefore'),
      ...own('lastUsedAfter', 'lastUsedBefore', 'unusedSince'),
      scope: 'scopes',
    },
    explain: own('id', 'token', 'ip', 'scopes', 'resources'),
  },
  ignored: {
    create: Object.keys(RESOURCE).filter((field) => !(field in CREATE)),
    update: OF_USE,
  },
  readOnly: Object.keys(RESOURCE).filter((field) => !(field in WRITABLE) && !OF_USE.includes(field)),
  required: {},
  nullRemoves: true,
  list: {
    cursor: 'cursor',
    limit: 'limit',
    limits: { min: 1, max: 1_000, standard: 50 },
    cursorAlone: false,
    filters: {
      owner: owner(),
      scope: anyScope(),
      personal: flag('personal', 'Personal tokens, or all others.'),
      enabled: flag('enabled', 'Enabled tokens, or disabled ones.'),
      createdAfter: bound('created', 'from', 'Created at this time or later.'),
      createdBefore: bound('created', 'to', 'Created at this time or earlier.'),
      expiresAfter: bound('expires', 'from', 'Expiring at this time or later.'),
      expiresBefore: bound('expires', 'to', 'Expiring at this time or earlier.'),
      lastUsedAfter: bound('lastUsed', 'from', 'Last used at this time or later.'),
      lastUsedBefore: bound('lastUsed', 'to', 'Last used at this time or earlier.'),
      unusedSince: unusedSince(),
    },
    sort: { name: 'sort', keys: own('name', 'createdAt', 'expiresAt', 'lastUsedAt', 'modifiedAt') },
  },
  resource: RESOURCE,
  standardFields: Object.keys(RESOURCE),
  listed: {
    status: 200,
    items: 'tokens',
    schema: object({ tokens: list(TOKEN), next: TEXT, total: COUNT }, ['tokens', 'total']),
    rest: ({ nextCursor, totalCount }) => ({ next: nextCursor, total: totalCount }),
  },
  created: {
    status: 201,
    schema: ISSUED,
    of: ({ token, apiToken }, mount) => ({
      headers: { Location: `${mount}/${apiToken.id}` },
      body: { ...showToken(apiToken), token },
    }),
  },
  updated: { status: 200, schema: TOKEN, of: (token) => ({ body: showToken(token) }) },
  rotated: {
    status: 200,
    schema: ISSUED,
    of: ({ token, apiToken }) => ({ body: { ...showToken(apiToken), token } }),
  },
  ended: { status: 200, schema: TOKEN, of: (token) => ({ body: showToken(token) }) },
  errors: problem,
}

/** Names that are the same on the wire as in core. */
function own<const Name extends string>(...names: readonly Name[]): { readonly [N in Name]: N } {
  return Object.fromEntries(names.map((name) => [name, name])) as { readonly [N in Name]: N }
}
