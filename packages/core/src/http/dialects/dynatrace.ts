import { type Dialect, timestamp } from './dialect.js'

const FIELDS = [
  'id',
  'name',
  'enabled',
  'owner',
  'creationDate',
  'expirationDate',
  'lastUsedDate',
  'lastUsedIpAddress',
  'modifiedDate',
  'scopes',
  'personalAccessToken',
  'additionalMetadata',
  'allowedCIDRBlocks',
  'rotationDate',
  'previousSecret',
] as const

const WRITABLE = {
  name: 'name',
  enabled: 'enabled',
  scopes: 'scopes',
  allowedCIDRBlocks: 'networks',
  additionalMetadata: 'metadata',
} as const

const CREATE = { ...WRITABLE, owner: 'owner', personalAccessToken: 'personal', expirationDate: 'expiresAt' } as const

/** Dynatrace's access tokens v2, with rotation and CIDR blocks added in its style. */
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
    create: FIELDS.filter((field) => !(field in CREATE)),
    update: FIELDS.filter((field) => !(field in WRITABLE)),
  },
  required: {},
  list: {
    cursor: 'nextPageKey',
    limit: 'pageSize',
    limits: { min: 100, max: 10_000, standard: 200 },
    cursorAlone: true,
    selector: 'apiTokenSelector',
    fields: 'fields',
    from: 'from',
    to: 'to',
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
  fields: FIELDS,
  standardFields: ['id', 'name', 'enabled', 'owner', 'creationDate'],

  resource: (token) => ({
    id: token.id,
    name: token.name,
    enabled: token.enabled,
    owner: token.owner,
    ...timestamp('creationDate', token.createdAt),
    ...timestamp('expirationDate', token.expiresAt),
    ...timestamp('lastUsedDate', token.lastUsedAt),
    ...(token.lastUsedIp !== undefined && { lastUsedIpAddress: token.lastUsedIp }),
    ...timestamp('modifiedDate', token.modifiedAt),
    scopes: token.scopes,
    personalAccessToken: token.personal,
    ...(token.metadata !== undefined && { additionalMetadata: token.metadata }),
    ...(token.networks.length > 0 && { allowedCIDRBlocks: token.networks }),
    ...timestamp('rotationDate', token.rotatedAt),
    ...(token.previousSecret !== undefined && {
      previousSecret: {
        ...timestamp('expirationDate', token.previousSecret.expiresAt),
        ...timestamp('lastUsedDate', token.previousSecret.lastUsedAt),
        ...(token.previousSecret.lastUsedIp !== undefined && {
          lastUsedIpAddress: token.previousSecret.lastUsedIp,
        }),
      },
    }),
  }),
  listed: (page, rows) => ({
    status: 200,
    body: {
      apiTokens: rows,
      nextPageKey: page.nextCursor ?? null,
      pageSize: page.limit,
      totalCount: page.totalCount,
    },
  }),
  created: ({ id, token, apiToken }, mount) => ({
    status: 201,
    headers: { Location: `${mount}/${id}` },
    body: { id, token, ...timestamp('expirationDate', apiToken.expiresAt) },
  }),
  updated: () => ({ status: 204 }),
  rotated: ({ id, token, apiToken }) => ({
    status: 200,
    body: {
      id,
      token,
      ...timestamp('expirationDate', apiToken.expiresAt),
      ...timestamp('rotationDate', apiToken.rotatedAt),
      ...timestamp('previousSecretExpirationDate', apiToken.previousSecret?.expiresAt),
    },
  }),
  error: (code, message, violations, parameterLocation = 'PAYLOAD_BODY') => ({
    error: {
      code,
      message,
      ...(violations.length > 0 && {
        constraintViolations: violations.map(({ path, message }) => ({
          path,
          message,
          parameterLocation,
          location: null,
        })),
      }),
    },
  }),
}
