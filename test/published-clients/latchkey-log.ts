import type { Exchange } from './exchange.js'
import { COUNT, ID, LIST, LOCATION, matching, TEXT, TIME, TOKEN, UNKNOWN_ID } from './shapes.js'

const named = { name: 'client', scopes: ['metrics.read'] }
const BY = { kind: 'token', id: ID, owner: 'admin' }

/** A whole token, with these members of its own. */
const token = (members: object): object => ({
  ...{ id: ID, owner: 'admin', personal: false, enabled: true, networks: [], resources: [] },
  ...{ createdAt: TIME, createdBy: BY, ...named, ...members },
})

/** A problem, with one violation for each of these places. */
function failure(status: number, code: string, paths: readonly string[] = []): object {
  const type = matching(new RegExp(`^https://.+/docs/errors\\.md#${code.toLowerCase()}$`))
  const violations = paths.map((path) => ({ path, message: TEXT }))
  return { type, title: TEXT, status, detail: TEXT, code, ...(paths.length > 0 && { violations }) }
}

/** Every operation, with a body where it takes one. */
const OPERATIONS: readonly { readonly send: string; readonly body?: object }[] = [
  { send: 'GET {{api}}' },
  { send: 'POST {{api}}', body: named },
  { send: 'POST {{api}}/lookup', body: { token: 'x' } },
  { send: 'POST {{api}}/revoke', body: { token: 'x' } },
  { send: 'POST {{api}}/revoke-all', body: { owner: 'nobody' } },
  { send: 'POST {{api}}/explain', body: { id: UNKNOWN_ID } },
  { send: 'GET {{api}}/capabilities' },
  { send: `GET {{api}}/${UNKNOWN_ID}` },
  { send: `PATCH {{api}}/${UNKNOWN_ID}`, body: { name: 'x' } },
  { send: `DELETE {{api}}/${UNKNOWN_ID}` },
  { send: `POST {{api}}/${UNKNOWN_ID}/rotate`, body: {} },
  { send: `POST {{api}}/${UNKNOWN_ID}/rotate/finish`, body: {} },
  { send: `POST {{api}}/${UNKNOWN_ID}/rotate/cancel`, body: {} },
]

/** What every operation refuses, and the code of it. */
const REFUSED: readonly Exchange[] = OPERATIONS.flatMap(({ send, body }): Exchange[] => {
  const refused = (shows: string, code: string, status: number, more: Partial<Exchange>): Exchange => {
    const answerHeaders = { 'content-type': 'application/problem+json' }
    return { shows, send, body, status, answer: failure(status, code), answerHeaders, ...more }
  }
  const names = send.includes(UNKNOWN_ID) || ['lookup', 'explain'].some((path) => send.endsWith(path))
  return [
    refused('no token', 'ERR_NO_TOKEN', 401, { as: 'none' }),
    refused('two tokens', 'ERR_CREDENTIALS', 400, { headers: { 'X-API-Key': 'x' } }),
    refused('a token from a wrong address', 'ERR_ADDRESS', 403, { as: 'far' }),
    ...(names ? [refused('no such token', 'ERR_NOT_FOUND', 404, { ...(body && { body }) })] : []),
    ...(body === undefined
      ? []
      : [
          refused('no JSON type', 'ERR_MEDIA_TYPE', 415, { headers: { 'Content-Type': 'text/json' } }),
          refused('a long body', 'ERR_TOO_LARGE', 413, { body: { ...body, long: 'x'.repeat(70_000) } }),
          refused('a member that is not known', 'ERR_INVALID_INPUT', 400, {
            body: { ...body, unknown: true },
            answer: failure(400, 'ERR_INVALID_INPUT', ['unknown']),
          }),
        ]),
  ]
})

/** Filters of a list, and how many of the tokens `client` they find. */
const LISTS: readonly (readonly [query: Record<string, string>, listed: number])[] = [
  [{ owner: 'admin', scope: 'metrics.read', sort: '-name' }, 2],
  [{ personal: 'true' }, 0],
  [{ enabled: 'true', createdAfter: 'now-1d', createdBefore: 'now', scope: 'metrics.read' }, 2],
  [{ expiresAfter: 'now', expiresBefore: 'now+31d' }, 1],
  [{ lastUsedAfter: 'now-2d', lastUsedBefore: 'now-1d' }, 0],
  [{ unusedSince: 'now-1d' }, 0],
]

/** The whole of our own dialect: the life of two tokens, and every answer that the description names. */
export const latchkeyLog: readonly Exchange[] = [
  {
    shows: 'a token takes a name and scopes; its whole text is in the answer',
    send: 'POST {{api}}',
    body: named,
    status: 201,
    answer: token({ token: TOKEN }),
    answerHeaders: { location: LOCATION },
    save: { plain: 'token', plainId: 'id' },
  },
  {
    shows: 'it may be bound to addresses and resources, and end',
    send: 'POST {{api}}',
    body: {
      ...named,
      ...{ networks: ['198.51.100.0/24'], resources: ['project:1'], expiresAt: 'now+30d', enabled: true },
      ...{ owner: 'admin', personal: false, metadata: { team: 'a' } },
    },
    status: 201,
    answer: token({
      ...{ token: TOKEN, networks: ['198.51.100.0/24'], resources: ['project:1'], expiresAt: TIME },
      metadata: { team: 'a' },
    }),
    save: { far: 'token', farId: 'id', bound: '' },
  },
  ...REFUSED,
  {
    shows: 'all violations come at once',
    send: 'POST {{api}}',
    body: { name: '', scopes: ['metrics.read', 'nothing'], expiresAt: 'soon', creationDate: 1 },
    status: 400,
    answer: {
      ...failure(400, 'ERR_INVALID_INPUT'),
      violations: ['creationDate', 'name', 'scopes[1]', 'expiresAt'].map((path) => ({ path, message: TEXT })),
    },
  },
  {
    shows: 'a scope is missing',
    send: 'GET {{api}}',
    as: 'plain',
    status: 403,
    answer: failure(403, 'ERR_SCOPE'),
  },
  { shows: 'the default list', send: 'GET {{api}}', status: 200, answer: { tokens: LIST, total: 3 } },
  {
    shows: 'the first page',
    send: 'GET {{api}}',
    query: { limit: '2' },
    status: 200,
    listed: 2,
    answer: { tokens: LIST, next: TEXT, total: 3 },
    save: { next: 'next' },
  },
  {
    shows: 'the last page',
    send: 'GET {{api}}',
    query: { cursor: '{{next}}', limit: '1' },
    status: 200,
    listed: 1,
    answer: { tokens: LIST, total: 3 },
  },
  ...LISTS.map(
    ([query, total]): Exchange => ({
      shows: `the list of ${JSON.stringify(query)}`,
      send: 'GET {{api}}',
      query,
      status: 200,
      including: { total },
    }),
  ),
  {
    shows: 'a bad query',
    send: 'GET {{api}}',
    query: { limit: '0', pageSize: '100' },
    status: 400,
    answer: failure(400, 'ERR_INVALID_INPUT', ['pageSize', 'limit']),
  },
  {
    shows: 'a token reads itself',
    send: 'GET {{api}}/self',
    as: 'plain',
    status: 200,
    including: { id: '{{plainId}}' },
  },
  {
    shows: 'a token by its text',
    send: 'POST {{api}}/lookup',
    body: { token: '{{plain}}' },
    status: 200,
    including: named,
  },
  {
    shows: 'what the caller is and may do',
    send: 'GET {{api}}/capabilities',
    as: 'plain',
    status: 200,
    answer: {
      ...{ owner: 'admin', personal: false, may: { read: false, write: false, admin: false }, usesResources: true },
      ...{ scopes: [], networks: [], resources: [], maxOverlap: COUNT },
    },
  },
  {
    shows: 'why a token is refused',
    send: 'POST {{api}}/explain',
    body: { id: '{{farId}}', ip: '203.0.113.7', scopes: ['metrics.read'] },
    status: 200,
    including: { allowed: false },
  },
  {
    shows: 'a client sends back what it got, with a change',
    send: 'PATCH {{api}}/{{farId}}',
    body: { name: 'renamed', metadata: { team: null, since: 1 }, expiresAt: null },
    headers: { 'Content-Type': 'application/merge-patch+json' },
    status: 200,
    including: { name: 'renamed', metadata: { since: 1 }, modifiedAt: TIME, modifiedBy: BY },
    save: { bound: '' },
  },
  {
    shows: 'what has not changed changes nothing',
    send: 'PATCH {{api}}/{{farId}}',
    body: { '...': '{{bound}}' },
    status: 200,
    answer: '{{bound}}',
  },
  {
    shows: 'what cannot be changed',
    send: 'PATCH {{api}}/{{farId}}',
    body: { owner: 'bob', createdAt: 1, name: null },
    status: 400,
    answer: failure(400, 'ERR_INVALID_INPUT', ['name', 'owner', 'createdAt']),
  },
  {
    shows: 'a new secret, beside the old one for an hour',
    send: 'POST {{api}}/{{plainId}}/rotate',
    body: { previousExpiresAt: 'now+1h' },
    status: 200,
    including: { id: '{{plainId}}', token: TOKEN, rotatedAt: TIME, previousSecret: { expiresAt: TIME } },
    save: { fresh: 'token' },
  },
  { shows: 'the end of the overlap', send: 'POST {{api}}/{{plainId}}/rotate/finish', status: 200, including: named },
  {
    shows: 'no rotation runs',
    send: 'POST {{api}}/{{plainId}}/rotate/cancel',
    status: 400,
    answer: failure(400, 'ERR_STATE'),
  },
  {
    shows: 'a rotation that is taken back',
    send: 'POST {{api}}/{{plainId}}/rotate',
    body: { previousExpiresAt: 'now+1h' },
    status: 200,
  },
  {
    shows: 'the old secret again',
    send: 'POST {{api}}/{{plainId}}/rotate/cancel',
    body: {},
    status: 200,
    including: named,
  },
  {
    shows: 'a method that the path does not have',
    send: 'PUT {{api}}',
    body: {},
    status: 405,
    answer: failure(405, 'ERR_METHOD'),
  },
  {
    shows: 'a secret ends itself',
    send: 'POST {{api}}/revoke',
    body: { token: '{{fresh}}' },
    as: 'fresh',
    status: 204,
  },
  { shows: 'a token is deleted', send: 'DELETE {{api}}/{{farId}}', status: 204 },
  {
    shows: 'tokens are revoked by what they have in common',
    send: 'POST {{api}}/revoke-all',
    body: {
      ...{ owner: 'admin', scope: ['metrics.read'], personal: false, enabled: true },
      ...{ createdAfter: 'now-1d', createdBefore: 'now', unusedSince: 'now' },
    },
    status: 200,
    answer: { revoked: 0, remaining: 0 },
  },
  { shows: 'the description', send: 'GET {{api}}/openapi.json', as: 'none', status: 200 },
]
