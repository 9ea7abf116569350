import type { ApiToken } from '../../types.js'
import { type Dialect, timestamp } from './dialect.js'

const FIELDS = [
  'id',
  'name',
  'permissions',
  'allowedCIDRBlocks',
  'createdAt',
  'expiresAt',
  'lastUsedAt',
  'rotatedAt',
  'updatedAt',
] as const

const WRITABLE = { name: 'name', permissions: 'scopes', allowedCIDRBlocks: 'networks' } as const
const CREATE = { ...WRITABLE, expiresAt: 'expiresAt' } as const

const resource = (token: ApiToken): Record<string, unknown> => ({
  id: token.id,
  name: token.name,
  permissions: token.scopes,
  allowedCIDRBlocks: token.networks,
  ...timestamp('createdAt', token.createdAt),
  expiresAt: token.expiresAt === undefined ? null : new Date(token.expiresAt).toISOString(),
  ...timestamp('lastUsedAt', token.lastUsedAt),
  ...timestamp('rotatedAt', token.rotatedAt),
  ...timestamp('updatedAt', token.modifiedAt),
})

/** Panther's api-tokens. */
export const panther: Dialect = {
  name: 'panther',
  routes: {
    list: { method: 'GET', path: '/' },
    create: { method: 'POST', path: '/' },
    describe: { method: 'GET', path: '/openapi.json' },
    get: { method: 'GET', path: '/{id}' },
    update: { method: 'POST', path: '/{id}' },
    delete: { method: 'DELETE', path: '/{id}' },
    rotate: { method: 'POST', path: '/{id}/rotate' },
  },
  members: { create: CREATE, update: WRITABLE, rotate: {} },
  ignored: {
    create: [...FIELDS.filter((field) => !(field in CREATE)), 'value', 'createdBy', 'updatedBy'],
    update: [...FIELDS.filter((field) => !(field in WRITABLE)), 'value', 'createdBy', 'updatedBy'],
  },
  required: { update: ['name', 'permissions'] },
  list: {
    cursor: 'cursor',
    limit: 'limit',
    limits: { min: 1, max: 1_000, standard: 100 },
    cursorAlone: false,
  },
  fields: FIELDS,
  standardFields: FIELDS,

  resource,
  listed: (page, rows) => ({
    status: 200,
    body: { results: rows, ...(page.nextCursor !== undefined && { next: page.nextCursor }) },
  }),
  created: ({ token, apiToken }, mount) => ({
    status: 200,
    headers: { Location: `${mount}/${apiToken.id}` },
    body: { ...resource(apiToken), value: token },
  }),
  updated: (token) => ({ status: 200, body: resource(token) }),
  rotated: ({ token, apiToken }) => ({ status: 200, body: { ...resource(apiToken), value: token } }),
  error: (_status, message, violations) => ({
    message: [message, ...violations.map(({ path, message: text }) => (path === '' ? text : `${path}: ${text}`))].join(
      ' ',
    ),
  }),
}
