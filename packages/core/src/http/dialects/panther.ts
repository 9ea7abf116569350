import type { Dialect } from './dialect.js'
import type { ErrorForm } from './error-form.js'
import { list, object, orNull, TEXT, TEXTS, TIME } from './json-schema.js'
import { always, iso, maybe, type Resource, resourceSchema, show } from './resource.js'

const RESOURCE: Resource = {
  id: always(TEXT, ({ id }) => id),
  name: always(TEXT, ({ name }) => name),
  permissions: always(TEXTS, ({ scopes }) => scopes),
  allowedCIDRBlocks: always(TEXTS, ({ networks }) => networks),
  createdAt: always(TIME, ({ createdAt }) => iso(createdAt)),
  expiresAt: always(orNull(TIME), ({ expiresAt }) => iso(expiresAt) ?? null),
  lastUsedAt: maybe(TIME, ({ lastUsedAt }) => iso(lastUsedAt)),
  rotatedAt: maybe(TIME, ({ rotatedAt }) => iso(rotatedAt)),
  updatedAt: maybe(TIME, ({ modifiedAt }) => iso(modifiedAt)),
}

const WRITABLE = { name: 'name', permissions: 'scopes', allowedCIDRBlocks: 'networks' } as const
const CREATE = { ...WRITABLE, expiresAt: 'expiresAt' } as const

/** What its resource has and Latchkey's has not; clients that send a resource back send these too. */
const FOREIGN = ['value', 'createdBy', 'updatedBy']

/** Panther's errors, with all violations in the sentence. */
export const pantherErrors: ErrorForm = {
  mediaType: 'application/json',
  schema: object({ message: TEXT }),
  body: ({ message, violations }) => ({
    message: [message, ...violations.map(({ path, message: text }) => (path === '' ? text : `${path}: ${text}`))].join(
      ' ',
    ),
  }),
}

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
    create: [...Object.keys(RESOURCE).filter((field) => !(field in CREATE)), ...FOREIGN],
    update: [...Object.keys(RESOURCE).filter((field) => !(field in WRITABLE)), ...FOREIGN],
  },
  readOnly: [],
  required: { update: ['name', 'permissions'] },
  nullRemoves: false,
  list: {
    cursor: 'cursor',
    limit: 'limit',
    limits: { min: 1, max: 1_000, standard: 100 },
    cursorAlone: false,
    filters: {},
  },
  resource: RESOURCE,
  standardFields: Object.keys(RESOURCE),
  listed: {
    status: 200,
    items: 'results',
    schema: object({ results: list(resourceSchema(RESOURCE)), next: TEXT }, ['results']),
    rest: ({ nextCursor }) => ({ next: nextCursor }),
  },
  created: {
    status: 200,
    schema: resourceSchema(RESOURCE, { value: TEXT }),
    of: ({ token, apiToken }, mount) => ({
      headers: { Location: `${mount}/${apiToken.id}` },
      body: { ...show(RESOURCE, apiToken), value: token },
    }),
  },
  updated: { status: 200, schema: resourceSchema(RESOURCE), of: (token) => ({ body: show(RESOURCE, token) }) },
  rotated: {
    status: 200,
    schema: resourceSchema(RESOURCE, { value: TEXT }),
    of: ({ token, apiToken }) => ({ body: { ...show(RESOURCE, apiToken), value: token } }),
  },
  ended: { status: 204, of: () => ({}) },
  errors: pantherErrors,
}
