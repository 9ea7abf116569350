import type { Dialect } from './dialect.js'
import type { ErrorForm } from './error-form.js'
import { bound, selector } from './filters.js'
import { COUNT, FLAG, list, object, orNull, TEXT, TEXTS, TIME } from './json-schema.js'
import { always, iso, maybe, type Resource, resourceSchema } from './resource.js'

const RESOURCE: Resource = {
  id: always(TEXT, ({ id }) => id),
  name: always(TEXT, ({ name }) => name),
  enabled: always(FLAG, ({ enabled }) => enabled),
  owner: always(TEXT, ({ owner }) => owner),
  creationDate: always(TIME, ({ createdAt }) => iso(createdAt)),
  expirationDate: maybe(TIME, ({ expiresAt }) => iso(expiresAt)),
  lastUsedDate: maybe(TIME, ({ lastUsedAt }) => iso(lastUsedAt)),
  lastUsedIpAddress: maybe(TEXT, ({ lastUsedIp }) => lastUsedIp),
  modifiedDate: maybe(TIME, ({ modifiedAt }) => iso(modifiedAt)),
  scopes: always(TEXTS, ({ scopes }) => scopes),
  personalAccessToken: always(FLAG, ({ personal }) => personal),
  additionalMetadata: maybe({ type: 'object' }, ({ metadata }) => metadata),
  allowedCIDRBlocks: maybe(TEXTS, ({ networks }) => (networks.length === 0 ? undefined : networks)),
  resources: maybe(TEXTS, ({ resources }) => (resources.length === 0 ? undefined : resources)),
  rotationDate: maybe(TIME, ({ rotatedAt }) => iso(rotatedAt)),
  previousSecret: maybe(
    object({ expirationDate: TIME, lastUsedDate: TIME, lastUsedIpAddress: TEXT }, ['expirationDate']),
    ({ previousSecret: previous }) =>
      previous && {
        expirationDate: iso(previous.expiresAt),
        lastUsedDate: iso(previous.lastUsedAt),
        lastUsedIpAddress: previous.lastUsedIp,
      },
  ),
}

const STANDARD_FIELDS = ['id', 'name', 'enabled', 'owner', 'creationDate']

const WRITABLE = {
  name: 'name',
  enabled: 'enabled',
  scopes: 'scopes',
  allowedCIDRBlocks: 'networks',
  resources: 'resources',
  additionalMetadata: 'metadata',
  expirationDate: 'expiresAt',
} as const

const CREATE = { ...WRITABLE, owner: 'owner', personalAccessToken: 'personal' } as const

/** Dynatrace's error envelope. */
export const dynatraceErrors: ErrorForm = {
  mediaType: 'application/json',
  schema: object({
    error: object(
      {
        code: { type: 'integer' },
        message: TEXT,
        constraintViolations: list(
          object({
            path: TEXT,
            message: TEXT,
            parameterLocation: { enum: ['PAYLOAD_BODY', 'QUERY', 'PATH', 'HEADER'] },
            location: { type: 'null' },
          }),
        ),
      },
      ['code', 'message'],
    ),
  }),
  body: ({ status, message, violations, location }) => ({
    error: {
      code: status,
      message,
      ...(violations.length > 0 && {
        constraintViolations: violations.map(({ path, message }) => ({
          path,
          message,
          parameterLocation: location,
          location: null,
        })),
      }),
    },
  }),
}

/** Dynatrace's access tokens v2, with rotation, CIDR blocks and resources added in its style. */
export const dynatrace: Dialect = {
  name: 'dynatrace',
  routes: {
    list: { method: 'GET', path: '/' },
    create: { method: 'POST', path: '/' },
    lookup: { method: 'POST', path: '/lookup' },
    revoke: { method: 'POST', path: '/revoke' },
    describe: { method: 'GET', path: '/openapi.json' },
    get: { method: 'GET', path: '/{id}' },
    update: { method: 'PUT', path: '/{id}' },
    delete: { method: 'DELETE', path: '/{id}' },
    rotate: { method: 'POST', path: '/{id}/rotate' },
    finish: { method: 'POST', path: '/{id}/rotate/finish' },
    cancel: { method: 'POST', path: '/{id}/rotate/cancel' },
  },
  members: {
    create: CREATE,
    update: WRITABLE,
    rotate: { previousSecretExpirationDate: 'previousExpiresAt', expirationDate: 'expiresAt' },
    lookup: { token: 'token' },
    revoke: { token: 'token' },
  },
  ignored: {
    create: Object.keys(RESOURCE).filter((field) => !(field in CREATE)),
    update: Object.keys(RESOURCE).filter((field) => !(field in WRITABLE)),
  },
  readOnly: [],
  required: {},
  nullRemoves: false,
  list: {
    cursor: 'nextPageKey',
    limit: 'pageSize',
    limits: { min: 100, max: 10_000, standard: 200 },
    cursorAlone: true,
    filters: {
      apiTokenSelector: selector(),
      from: bound('lastUsed', 'from', 'Used at this time or later, and until now unless `to` says otherwise.', true),
      to: bound('lastUsed', 'to', 'Used at this time or earlier.'),
    },
    fields: 'fields',
    sort: {
      name: 'sort',
      keys: {
        name: 'name',
        lastUsedDate: 'lastUsedAt',
        creationDate: 'createdAt',
        expirationDate: 'expiresAt',
        modifiedDate: 'modifiedAt',
      },
    },
  },
  resource: RESOURCE,
  standardFields: STANDARD_FIELDS,
  listed: {
    status: 200,
    items: 'apiTokens',
    schema: object({
      apiTokens: list({ ...resourceSchema(RESOURCE), required: ['id'] }),
      nextPageKey: orNull(TEXT),
      pageSize: COUNT,
      totalCount: COUNT,
    }),
    rest: ({ nextCursor, limit, totalCount }) => ({
      nextPageKey: nextCursor ?? null,
      pageSize: limit,
      totalCount,
    }),
  },
  created: {
    status: 201,
    schema: object({ id: TEXT, token: TEXT, expirationDate: TIME }, ['id', 'token']),
    of: ({ id, token, apiToken }, mount) => ({
      headers: { Location: `${mount}/${id}` },
      body: { id, token, expirationDate: iso(apiToken.expiresAt) },
    }),
  },
  updated: { status: 204, of: () => ({}) },
  ended: { status: 204, of: () => ({}) },
  rotated: {
    status: 200,
    schema: object(
      { id: TEXT, token: TEXT, expirationDate: TIME, rotationDate: TIME, previousSecretExpirationDate: TIME },
      ['id', 'token', 'rotationDate'],
    ),
    of: ({ id, token, apiToken }) => ({
      body: {
        id,
        token,
        expirationDate: iso(apiToken.expiresAt),
        rotationDate: iso(apiToken.rotatedAt),
        previousSecretExpirationDate: iso(apiToken.previousSecret?.expiresAt),
      },
    }),
  },
  errors: dynatraceErrors,
}
