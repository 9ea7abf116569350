import type { Exchange } from './exchange.js'
import { CREATED, failure, ID, LIST, MALFORMED_TOKEN, TIME, token, UNKNOWN_ID } from './shapes.js'

const NOWHERE = ['self-made', UNKNOWN_ID, 'other.AAAAAAAAAAAAAAAAAAAAAAAA', '%E0%A4', '..%2F', `${UNKNOWN_ID}x`]

const GET: readonly Exchange[] = [
  {
    shows: 'a token is shown by its id, whole, without its secret',
    send: 'GET {{api}}/{{fullId}}',
    status: 200,
    answer: {
      id: '{{fullId}}',
      name: 'full ✓',
      enabled: true,
      owner: 'admin',
      creationDate: TIME,
      expirationDate: '2100-06-01T12:00:00.000Z',
      lastUsedDate: '{{used}}',
      lastUsedIpAddress: '127.0.0.1',
      scopes: ['releases.read', 'apiTokens.read'],
      personalAccessToken: true,
      additionalMetadata: { team: 'blue', nested: [1, { two: null }] },
      allowedCIDRBlocks: ['127.0.0.0/8', '2001:db8::/32'],
    },
    save: { resource: '' },
  },
  {
    shows: 'a token sees itself without any scope, by its id',
    send: 'GET {{api}}/{{plainId}}',
    as: 'plain',
    status: 200,
    including: { id: '{{plainId}}' },
  },
  { shows: 'and as self', send: 'GET {{api}}/self', as: 'plain', status: 200, including: { id: '{{plainId}}' } },
  {
    shows: 'another takes apiTokens.read',
    send: 'GET {{api}}/{{fullId}}',
    as: 'plain',
    status: 403,
    answer: failure(403),
  },
  ...NOWHERE.map(
    (id): Exchange => ({
      shows: `there is no token ${id}`,
      send: `GET {{api}}/${id}`,
      status: 404,
      answer: failure(404),
    }),
  ),
]

const WRONG: readonly (readonly [body: unknown, ...paths: string[]])[] = [
  [{ name: '' }, 'name'],
  [{ enabled: 'false' }, 'enabled'],
  [{ scopes: [] }, 'scopes'],
  [{ scopes: ['metrics.reed'], name: 1 }, 'name', 'scopes[0]'],
  [{ disabled: true }, 'disabled'],
  ['text', ''],
]

const UPDATE: readonly Exchange[] = [
  { shows: 'a token is disabled', send: 'PUT {{api}}/{{fullId}}', body: { enabled: false }, status: 204 },
  {
    shows: 'which is no modification',
    send: 'GET {{api}}/{{fullId}}',
    status: 200,
    answer: { '...': '{{resource}}', enabled: false },
  },
  { shows: 'it is refused now', send: 'GET {{api}}/self', as: 'full', status: 401, answer: failure(401) },
  {
    shows: 'a resource comes back as it was read, with a change or two',
    send: 'PUT {{api}}/{{fullId}}',
    body: { '...': '{{resource}}', name: 'renamed', scopes: ['releases.read', 'logs.read'] },
    status: 204,
  },
  {
    shows: 'what can be written was, the rest is as before; now it is modified',
    send: 'GET {{api}}/{{fullId}}',
    status: 200,
    answer: { '...': '{{resource}}', name: 'renamed', scopes: ['releases.read', 'logs.read'], modifiedDate: TIME },
  },
  {
    shows: 'null is absent: nothing changes',
    send: 'PUT {{api}}/{{fullId}}',
    body: { name: null, enabled: null, scopes: null, allowedCIDRBlocks: null, additionalMetadata: null },
    status: 204,
  },
  {
    shows: 'all of it is there still',
    send: 'GET {{api}}/{{fullId}}',
    status: 200,
    including: { name: 'renamed', additionalMetadata: { team: 'blue' }, allowedCIDRBlocks: LIST },
  },
  {
    shows: 'an empty list lifts the bounds',
    send: 'PUT {{api}}/{{fullId}}',
    body: { allowedCIDRBlocks: [] },
    status: 204,
  },
  ...WRONG.map(
    ([body, ...paths]): Exchange => ({
      shows: `a change to ${JSON.stringify(body)} is refused`,
      send: 'PUT {{api}}/{{fullId}}',
      body,
      status: 400,
      answer: failure(400, paths),
    }),
  ),
  { shows: 'a change needs a body', send: 'PUT {{api}}/{{fullId}}', raw: '', status: 400, answer: failure(400, ['']) },
  {
    shows: 'and JSON',
    send: 'PUT {{api}}/{{fullId}}',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    raw: 'name=x',
    status: 415,
    answer: failure(415),
  },
  {
    shows: 'of a bearable length',
    send: 'PUT {{api}}/{{fullId}}',
    body: { name: 'x'.repeat(70_000) },
    status: 413,
    answer: failure(413),
  },
  ...NOWHERE.map(
    (id): Exchange => ({
      shows: `${id} cannot be changed`,
      send: `PUT {{api}}/${id}`,
      body: { name: 'x' },
      status: 404,
      answer: failure(404),
    }),
  ),
  {
    shows: 'nobody disables the token that makes the call',
    send: 'PUT {{api}}/{{writerId}}',
    as: 'writer',
    body: { enabled: false },
    status: 400,
    answer: failure(400),
  },
  {
    shows: 'nobody gives what it has not',
    send: 'PUT {{api}}/{{plainId}}',
    as: 'writer',
    body: { scopes: ['metrics.read', 'logs.read'] },
    status: 403,
    answer: failure(403, ['scopes[1]', 'expirationDate']),
  },
  {
    shows: 'a change takes apiTokens.write',
    send: 'PUT {{api}}/{{plainId}}',
    as: 'plain',
    body: { name: 'x' },
    status: 403,
    answer: failure(403),
  },
]

const LOOKUP: readonly Exchange[] = [
  {
    shows: 'any token may look another up by its secret',
    send: 'POST {{api}}/lookup',
    as: 'plain',
    body: { token: '{{writer}}' },
    status: 200,
    answer: token({
      id: '{{writerId}}',
      name: 'writer',
      scopes: ['apiTokens.write', 'metrics.read'],
      expirationDate: TIME,
      lastUsedDate: TIME,
      lastUsedIpAddress: '127.0.0.1',
    }),
    eventually: true,
  },
  { shows: 'a token is disabled', send: 'PUT {{api}}/{{fullId}}', body: { enabled: false }, status: 204 },
  {
    shows: 'and found all the same',
    send: 'POST {{api}}/lookup',
    body: { token: '{{full}}' },
    status: 200,
    including: { id: '{{fullId}}', enabled: false },
  },
  ...[MALFORMED_TOKEN, 'x', '', '{{writerId}}', '{{plain}}x'].map(
    (text): Exchange => ({
      shows: `nothing is found for ${text}`,
      send: 'POST {{api}}/lookup',
      body: { token: text },
      status: 404,
      answer: failure(404),
    }),
  ),
  ...[{}, { token: null }, { token: ['{{plain}}'] }].map(
    (body): Exchange => ({
      shows: `${JSON.stringify(body)} is no question`,
      send: 'POST {{api}}/lookup',
      body,
      status: 400,
      answer: failure(400, ['token']),
    }),
  ),
  {
    shows: 'strangers look nothing up',
    send: 'POST {{api}}/lookup',
    as: 'none',
    body: { token: '{{plain}}' },
    status: 401,
  },
]

const DELETE: readonly Exchange[] = [
  {
    shows: 'deleting takes apiTokens.write',
    send: 'DELETE {{api}}/{{fullId}}',
    as: 'plain',
    status: 403,
    answer: failure(403),
  },
  {
    shows: 'nobody deletes the token that makes the call by its id',
    send: 'DELETE {{api}}/{{writerId}}',
    as: 'writer',
    status: 400,
    answer: failure(400),
  },
  {
    shows: 'nor by its secret in the path',
    send: 'DELETE {{api}}/{{writer}}',
    as: 'writer',
    status: 404,
    answer: failure(404),
  },
  {
    shows: 'without the admin right nobody makes tokens for another owner',
    send: 'POST {{api}}',
    as: 'writer',
    body: { name: 'for bob', scopes: ['apiTokens.write'], owner: 'bob' },
    status: 403,
    answer: failure(403, ['owner', 'expirationDate']),
  },
  { shows: 'a token is deleted by its id', send: 'DELETE {{api}}/{{fullId}}', status: 204 },
  { shows: 'and is gone', send: 'GET {{api}}/{{fullId}}', status: 404, answer: failure(404) },
  { shows: 'it cannot be deleted again', send: 'DELETE {{api}}/{{fullId}}', status: 404, answer: failure(404) },
  { shows: 'nor used', send: 'GET {{api}}/self', as: 'full', status: 401, answer: failure(401) },
  {
    shows: 'nor looked up',
    send: 'POST {{api}}/lookup',
    body: { token: '{{full}}' },
    status: 404,
    answer: failure(404),
  },
  {
    shows: 'a token is deleted by its secret',
    send: 'POST {{api}}/revoke',
    body: { token: '{{machine}}' },
    status: 204,
  },
  { shows: 'and is gone', send: 'GET {{api}}/{{machineId}}', status: 404, answer: failure(404) },
  ...NOWHERE.map(
    (id): Exchange => ({
      shows: `${id} cannot be deleted`,
      send: `DELETE {{api}}/${id}`,
      status: 404,
      answer: failure(404),
    }),
  ),
  {
    shows: 'a token for the last act',
    send: 'POST {{api}}',
    body: { name: 'goodbye', scopes: ['metrics.read'] },
    status: 201,
    answer: CREATED,
    save: { goodbye: 'token' },
  },
  { shows: 'a token deletes itself', send: 'DELETE {{api}}/self', as: 'goodbye', status: 204 },
  { shows: 'and is gone', send: 'GET {{api}}/self', as: 'goodbye', status: 401, answer: failure(401) },
  {
    shows: 'a path does not answer every method',
    send: 'PATCH {{api}}/{{plainId}}',
    body: {},
    status: 405,
    answer: failure(405),
    answerHeaders: { allow: 'GET, HEAD, PUT, DELETE' },
  },
]

/** What the published API does not have. */
const ADDED: readonly Exchange[] = [
  {
    shows: 'a token to rotate',
    send: 'POST {{api}}',
    body: { name: 'turning', scopes: ['metrics.read'], expirationDate: '2100-01-01' },
    status: 201,
    save: { first: 'token', turningId: 'id' },
  },
  {
    shows: 'rotation with an overlap',
    send: 'POST {{api}}/{{turningId}}/rotate',
    body: { previousSecretExpirationDate: 'now+1h', expirationDate: '2099-01-01' },
    status: 200,
    answer: {
      ...CREATED,
      id: '{{turningId}}',
      expirationDate: '2099-01-01T00:00:00.000Z',
      rotationDate: TIME,
      previousSecretExpirationDate: TIME,
    },
    save: { second: 'token' },
  },
  { shows: 'the previous secret lives', send: 'GET {{api}}/self', as: 'first', status: 200 },
  {
    shows: 'and its end is shown',
    send: 'GET {{api}}/self',
    as: 'second',
    status: 200,
    including: { id: ID, rotationDate: TIME, previousSecret: { expirationDate: TIME } },
  },
  {
    shows: 'its use is shown too',
    send: 'GET {{api}}/{{turningId}}',
    status: 200,
    including: { previousSecret: { lastUsedDate: TIME, lastUsedIpAddress: '127.0.0.1' } },
    eventually: true,
  },
  {
    shows: 'a second overlap is refused',
    send: 'POST {{api}}/{{turningId}}/rotate',
    body: { previousSecretExpirationDate: 'now+1h' },
    status: 400,
    answer: failure(400),
  },
  { shows: 'the rotation is taken back', send: 'POST {{api}}/{{turningId}}/rotate/cancel', status: 204 },
  { shows: 'which kills the new secret', send: 'GET {{api}}/self', as: 'second', status: 401 },
  { shows: 'there is no rotation to finish', send: 'POST {{api}}/{{turningId}}/rotate/finish', body: {}, status: 400 },
  {
    shows: 'nor one to cancel',
    send: 'POST {{api}}/{{turningId}}/rotate/cancel',
    body: {},
    status: 400,
    answer: failure(400),
  },
  {
    shows: 'a token rotates itself, for one hour',
    send: 'POST {{api}}/self/rotate',
    as: 'first',
    body: { previousSecretExpirationDate: 'now+1h', expirationDate: null },
    status: 200,
    save: { third: 'token' },
  },
  { shows: 'and finishes', send: 'POST {{api}}/self/rotate/finish', as: 'third', body: {}, status: 204 },
  { shows: 'the old one is dead', send: 'GET {{api}}/self', as: 'first', status: 401 },
  {
    shows: 'rotation without a body kills the old secret at once',
    send: 'POST {{api}}/{{turningId}}/rotate',
    status: 200,
    answer: { ...CREATED, expirationDate: TIME, rotationDate: TIME },
    save: { fourth: 'token' },
  },
  ...[{ previousSecretExpirationDate: 'now-1h' }, { previousSecretExpirationDate: '2099-01-02' }].map(
    (body): Exchange => ({
      shows: `${JSON.stringify(body)} is refused`,
      send: 'POST {{api}}/{{turningId}}/rotate',
      body,
      status: 400,
      answer: failure(400, ['previousSecretExpirationDate']),
    }),
  ),
  {
    shows: 'nobody rotates a token that can do more',
    send: 'POST {{api}}/{{personId}}/rotate',
    as: 'writer',
    body: {},
    status: 403,
    answer: failure(403, ['scopes[0]', 'expirationDate']),
  },
  ...['rotate', 'rotate/finish', 'rotate/cancel'].flatMap((path): Exchange[] => [
    {
      shows: `${path} of nothing`,
      send: `POST {{api}}/${UNKNOWN_ID}/${path}`,
      body: {},
      status: 404,
      answer: failure(404),
    },
    {
      shows: `${path} takes JSON`,
      send: `POST {{api}}/{{turningId}}/${path}`,
      headers: { 'Content-Type': 'text/plain' },
      raw: '{}',
      status: 415,
      answer: failure(415),
    },
    {
      shows: `${path} of a bearable length`,
      send: `POST {{api}}/{{turningId}}/${path}`,
      body: { x: 'x'.repeat(70_000) },
      status: 413,
      answer: failure(413),
    },
    {
      shows: `${path} knows its members`,
      send: `POST {{api}}/{{turningId}}/${path}`,
      body: { now: true },
      status: 400,
      answer: failure(400, ['now']),
    },
  ]),
  ...['nothing', MALFORMED_TOKEN].map(
    (text): Exchange => ({
      shows: `revoking ${text}`,
      send: 'POST {{api}}/revoke',
      body: { token: text },
      status: 204,
    }),
  ),
  {
    shows: 'revoking takes a token',
    send: 'POST {{api}}/revoke',
    body: {},
    status: 400,
    answer: failure(400, ['token']),
  },
  {
    shows: 'a leaked token is revoked',
    send: 'POST {{api}}/revoke',
    as: 'plain',
    body: { token: '{{fourth}}' },
    status: 204,
  },
  { shows: 'and is dead', send: 'GET {{api}}/self', as: 'fourth', status: 401 },
  { shows: 'the description is for everybody', send: 'GET {{api}}/openapi.json', as: 'none', status: 200 },
]

const OPERATIONS = [
  'GET {{api}}',
  'POST {{api}}',
  'GET {{api}}/self',
  'PUT {{api}}/{{plainId}}',
  'DELETE {{api}}/self',
  'POST {{api}}/lookup',
  'POST {{api}}/revoke',
  'POST {{api}}/self/rotate',
  'POST {{api}}/self/rotate/finish',
  'POST {{api}}/self/rotate/cancel',
]

/** What keeps a caller from any of them, whatever it sends. */
const REFUSED: readonly Exchange[] = [
  {
    shows: 'a token for an address far away',
    send: 'POST {{api}}',
    body: { name: 'away', scopes: ['*'], allowedCIDRBlocks: ['192.0.2.0/24'] },
    status: 201,
    save: { away: 'token' },
  },
  ...OPERATIONS.flatMap((send): Exchange[] => [
    { shows: `without a token: ${send}`, send, as: 'none', status: 401, answer: failure(401) },
    { shows: `from the wrong address: ${send}`, send, as: 'away', status: 403, answer: failure(403) },
    {
      shows: `with a token twice: ${send}`,
      send,
      as: 'none',
      headers: { Authorization: 'Bearer {{admin}}', 'X-API-Key': '{{admin}}' },
      status: 400,
      answer: failure(400),
    },
  ]),
  ...['lookup', 'revoke'].flatMap((path): Exchange[] => [
    {
      shows: `${path} takes JSON`,
      send: `POST {{api}}/${path}`,
      headers: { 'Content-Type': 'text/plain' },
      raw: '{{plain}}',
      status: 415,
      answer: failure(415),
    },
    {
      shows: `${path} of a bearable length`,
      send: `POST {{api}}/${path}`,
      body: { token: 'x'.repeat(70_000) },
      status: 413,
      answer: failure(413),
    },
  ]),
]

export const dynatraceToken: readonly Exchange[] = [...GET, ...UPDATE, ...LOOKUP, ...DELETE, ...ADDED, ...REFUSED]
