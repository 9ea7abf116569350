import type { Exchange } from './exchange.js'
import { atLeast, ID, LIST, LOCATION, MALFORMED_TOKEN, matching, TEXT, TIME, TOKEN, UNKNOWN_ID } from './shapes.js'

const POST = 'POST {{api}}'
const named = { name: 'client', permissions: ['AlertRead'] }
const FAILED = { message: TEXT }

/** A token that was never used, rotated or changed, and has no end. */
const FRESH = { id: ID, allowedCIDRBlocks: [], createdAt: TIME, expiresAt: null, ...named }

const NOWHERE = ['lookup', UNKNOWN_ID, '%E0%A4', MALFORMED_TOKEN]

/** Bodies that break rules, and the place that the message names. */
const WRONG: readonly (readonly [body: unknown, place: RegExp])[] = [
  [{}, /name: .*permissions: /],
  [{ name: 'client' }, /permissions: /],
  [{ permissions: ['AlertRead'] }, /name: /],
  [{ ...named, name: null }, /name: /],
  [{ ...named, name: ' ' }, /name: /],
  [{ ...named, permissions: [] }, /permissions: /],
  [{ ...named, permissions: 'AlertRead' }, /permissions: /],
  [{ ...named, permissions: ['AlertRead', 'AlertWrite'] }, /permissions\[1\]: /],
  [{ ...named, permissions: ['AlertRead', 'AlertRead'] }, /permissions\[1\]: /],
  [{ ...named, allowedCIDRBlocks: '10.0.0.0/8' }, /allowedCIDRBlocks: /],
  [{ ...named, allowedCIDRBlocks: ['10.0.0.0/8', '192.0.2.1'] }, /allowedCIDRBlocks\[1\]: .*\/32/],
  [{ ...named, allowedCIDRBlocks: ['10.0.0.1/8'] }, /allowedCIDRBlocks\[0\]: /],
  [{ ...named, allowedCIDRBlocks: ['010.0.0.0/8'] }, /allowedCIDRBlocks\[0\]: /],
  [{ ...named, scopes: ['AlertRead'] }, /scopes: /],
  [null, /object/],
]

const wrong = (send: string): Exchange[] => [
  ...WRONG.map(([body, place]): Exchange => {
    const shows = `${send} with ${JSON.stringify(body)} is refused with a message that names the place`
    return { shows, send, body, status: 400, answer: { message: matching(place) } }
  }),
  {
    shows: `${send} takes JSON`,
    send,
    headers: { 'Content-Type': 'text/json' },
    body: named,
    status: 415,
    answer: FAILED,
  },
  { shows: `${send} takes 64 KiB`, send, body: { ...named, name: 'x'.repeat(70_000) }, status: 413, answer: FAILED },
]

const CREATE: readonly Exchange[] = [
  { shows: 'a call without a token is refused', send: 'GET {{api}}', as: 'none', status: 401, answer: FAILED },
  {
    shows: 'a token that nobody has is refused',
    send: 'GET {{api}}',
    as: 'none',
    headers: { 'X-API-Key': 'key' },
    status: 401,
    answer: FAILED,
    answerHeaders: { 'www-authenticate': 'Bearer realm="api", error="invalid_token"' },
  },
  {
    shows: 'an empty key is refused',
    send: 'GET {{api}}',
    as: 'none',
    headers: { 'X-API-Key': '' },
    status: 400,
    answer: FAILED,
  },
  {
    shows: 'a token takes a name and permissions; its value is in the answer',
    send: POST,
    body: named,
    status: 200,
    answer: { ...FRESH, value: TOKEN },
    answerHeaders: { location: LOCATION },
    save: { plain: 'value', plainId: 'id' },
  },
  {
    shows: 'it may be bound to addresses, and end',
    send: POST,
    body: {
      ...named,
      permissions: ['AlertRead', 'apiTokens.read'],
      allowedCIDRBlocks: ['127.0.0.0/8', '2001:db8::/32'],
      expiresAt: '2100-01-25T05:57:01.123+01:00',
    },
    status: 200,
    answer: {
      ...FRESH,
      permissions: ['AlertRead', 'apiTokens.read'],
      allowedCIDRBlocks: ['127.0.0.0/8', '2001:db8::/32'],
      expiresAt: '2100-01-25T04:57:01.123Z',
      value: TOKEN,
    },
    save: { bound: 'value', boundId: 'id' },
  },
  {
    shows: 'null is absent, and what cannot be written is ignored',
    send: POST,
    body: {
      ...named,
      allowedCIDRBlocks: null,
      expiresAt: null,
      id: 'mine',
      createdBy: { id: 'user', type: 'x' },
      updatedBy: null,
      updatedAt: null,
      value: 'secret',
    },
    status: 200,
    answer: { ...FRESH, value: TOKEN },
  },
  ...wrong(POST),
  {
    shows: 'an expiry must lie ahead',
    send: POST,
    body: { ...named, expiresAt: 'now-1d' },
    status: 400,
    answer: FAILED,
  },
  { shows: 'a body is needed', send: POST, raw: '', status: 400, answer: FAILED },
  { shows: 'and must be JSON', send: POST, raw: '{', status: 400, answer: FAILED },
  {
    shows: 'creating takes apiTokens.write',
    send: POST,
    as: 'plain',
    body: named,
    status: 403,
    answer: FAILED,
    answerHeaders: { 'www-authenticate': 'Bearer realm="api", error="insufficient_scope", scope="apiTokens.write"' },
  },
  {
    shows: 'a token that may write tokens',
    send: POST,
    body: { name: 'writer', permissions: ['apiTokens.write', 'AlertRead'] },
    status: 200,
    save: { writer: 'value', writerId: 'id' },
  },
  {
    shows: 'hands out no more than it has',
    send: POST,
    as: 'writer',
    body: { ...named, permissions: ['AlertModify'] },
    status: 403,
    answer: { message: matching(/permissions\[0\]: /) },
  },
]

const LIST_: readonly Exchange[] = [
  { shows: 'a list of all', send: 'GET {{api}}', status: 200, answer: { results: LIST }, listed: 5 },
  {
    shows: 'a page of one names the next',
    send: 'GET {{api}}?limit=1',
    status: 200,
    answer: { results: [atLeast({ ...FRESH, name: 'writer', permissions: LIST })], next: TEXT },
    save: { next: 'next' },
  },
  {
    shows: 'the next page keeps its size',
    send: 'GET {{api}}?cursor={{next}}',
    status: 200,
    answer: { results: LIST, next: TEXT },
    listed: 1,
  },
  {
    shows: 'or is given another; the last names no next',
    send: 'GET {{api}}?cursor={{next}}&limit=1000',
    status: 200,
    answer: { results: LIST },
    listed: 4,
  },
  ...['cursor={{next}}A', 'cursor=', 'cursor=x', 'limit=0', 'limit=1001', 'limit=all', 'page=2', 'limit=1&limit=1'].map(
    (query): Exchange => ({ shows: `${query} is refused`, send: `GET {{api}}?${query}`, status: 400, answer: FAILED }),
  ),
  { shows: 'listing takes apiTokens.read', send: 'GET {{api}}', as: 'plain', status: 403, answer: FAILED },
]

const GET: readonly Exchange[] = [
  {
    shows: 'a token is shown to itself',
    send: 'GET {{api}}/self',
    as: 'bound',
    status: 200,
    including: { id: '{{boundId}}' },
  },
  {
    shows: 'by its id too, without any scope',
    send: 'GET {{api}}/{{plainId}}',
    as: 'plain',
    status: 200,
    answer: { ...FRESH, id: '{{plainId}}' },
  },
  {
    shows: 'a token is shown by its id, without its value, and soon with its last use',
    send: 'GET {{api}}/{{plainId}}',
    status: 200,
    answer: { ...FRESH, id: '{{plainId}}', lastUsedAt: TIME },
    eventually: true,
    save: { resource: '' },
  },
  { shows: 'others take apiTokens.read', send: 'GET {{api}}/{{boundId}}', as: 'plain', status: 403, answer: FAILED },
  ...NOWHERE.map(
    (id): Exchange => ({ shows: `there is no token ${id}`, send: `GET {{api}}/${id}`, status: 404, answer: FAILED }),
  ),
]

const UPDATE: readonly Exchange[] = [
  {
    shows: 'a resource comes back as it was read, with a change, and is answered',
    send: 'POST {{api}}/{{plainId}}',
    body: { '...': '{{resource}}', name: 'renamed', value: 'secret', createdBy: { id: 'system' }, updatedAt: null },
    status: 200,
    answer: { ...FRESH, id: '{{plainId}}', name: 'renamed', lastUsedAt: TIME, updatedAt: TIME },
  },
  {
    shows: 'addresses that are not spoken of stay',
    send: 'POST {{api}}/{{boundId}}',
    body: { name: 'bound', permissions: ['AlertRead'], expiresAt: '2000-01-01' },
    status: 200,
    including: { allowedCIDRBlocks: ['127.0.0.0/8', '2001:db8::/32'], expiresAt: '2100-01-25T04:57:01.123Z' },
  },
  {
    shows: 'null is not spoken of',
    send: 'POST {{api}}/{{boundId}}',
    body: { name: 'bound', permissions: ['AlertRead'], allowedCIDRBlocks: null },
    status: 200,
    including: { allowedCIDRBlocks: ['127.0.0.0/8', '2001:db8::/32'] },
  },
  {
    shows: 'an empty list lifts the bounds',
    send: 'POST {{api}}/{{boundId}}',
    body: { name: 'bound', permissions: ['AlertRead'], allowedCIDRBlocks: [] },
    status: 200,
    including: { allowedCIDRBlocks: [] },
  },
  ...wrong('POST {{api}}/{{boundId}}'),
  {
    shows: 'a token changes itself',
    send: 'POST {{api}}/self',
    as: 'writer',
    body: { name: 'myself', permissions: ['apiTokens.write', 'AlertRead'] },
    status: 200,
    including: { id: '{{writerId}}', name: 'myself' },
  },
  {
    shows: 'but gives itself nothing',
    send: 'POST {{api}}/self',
    as: 'writer',
    body: { name: 'myself', permissions: ['apiTokens.write', 'AlertModify'] },
    status: 403,
    answer: { message: matching(/permissions\[1\]: /) },
  },
  {
    shows: 'changing takes apiTokens.write',
    send: 'POST {{api}}/self',
    as: 'plain',
    body: named,
    status: 403,
    answer: FAILED,
  },
  ...NOWHERE.map(
    (id): Exchange => ({
      shows: `${id} cannot be changed`,
      send: `POST {{api}}/${id}`,
      body: named,
      status: 404,
      answer: FAILED,
    }),
  ),
]

const ROTATE: readonly Exchange[] = [
  {
    shows: 'rotation gives a new value',
    send: 'POST {{api}}/{{boundId}}/rotate',
    status: 200,
    including: { id: '{{boundId}}', value: TOKEN, rotatedAt: TIME },
    save: { turned: 'value' },
  },
  { shows: 'the old value is dead', send: 'GET {{api}}/self', as: 'bound', status: 401, answer: FAILED },
  {
    shows: 'a token rotates itself',
    send: 'POST {{api}}/self/rotate',
    as: 'turned',
    body: {},
    status: 200,
    including: { id: '{{boundId}}', value: TOKEN },
    save: { again: 'value' },
  },
  {
    shows: 'the new value is good',
    send: 'GET {{api}}/self',
    as: 'again',
    status: 200,
    including: { id: '{{boundId}}' },
  },
  {
    shows: 'nobody rotates a token that can do more',
    send: 'POST {{api}}/{{strongId}}/rotate',
    as: 'writer',
    status: 403,
    answer: { message: matching(/permissions\[0\]: /) },
  },
  {
    shows: 'rotation takes no members',
    send: 'POST {{api}}/self/rotate',
    as: 'again',
    body: named,
    status: 400,
    answer: FAILED,
  },
  {
    shows: 'and JSON',
    send: 'POST {{api}}/self/rotate',
    as: 'again',
    headers: { 'Content-Type': 'text/plain' },
    raw: '{}',
    status: 415,
    answer: FAILED,
  },
  {
    shows: 'rotating others takes apiTokens.write',
    send: 'POST {{api}}/{{boundId}}/rotate',
    as: 'plain',
    status: 403,
    answer: FAILED,
  },
  ...NOWHERE.map(
    (id): Exchange => ({
      shows: `${id} cannot be rotated`,
      send: `POST {{api}}/${id}/rotate`,
      status: 404,
      answer: FAILED,
    }),
  ),
]

const DELETE: readonly Exchange[] = [
  {
    shows: 'deleting takes apiTokens.write',
    send: 'DELETE {{api}}/{{boundId}}',
    as: 'plain',
    status: 403,
    answer: FAILED,
  },
  {
    shows: 'nobody deletes the token that makes the call by its id',
    send: 'DELETE {{api}}/{{writerId}}',
    as: 'writer',
    status: 400,
    answer: FAILED,
  },
  { shows: 'a token is deleted', send: 'DELETE {{api}}/{{boundId}}', status: 204 },
  { shows: 'and is gone', send: 'GET {{api}}/{{boundId}}', status: 404, answer: FAILED },
  { shows: 'it cannot be deleted again', send: 'DELETE {{api}}/{{boundId}}', status: 404, answer: FAILED },
  { shows: 'nor used', send: 'GET {{api}}/self', as: 'again', status: 401, answer: FAILED },
  { shows: 'a token deletes itself', send: 'DELETE {{api}}/self', as: 'plain', status: 204 },
  { shows: 'and is gone', send: 'GET {{api}}/self', as: 'plain', status: 401, answer: FAILED },
  ...NOWHERE.map(
    (id): Exchange => ({ shows: `${id} cannot be deleted`, send: `DELETE {{api}}/${id}`, status: 404, answer: FAILED }),
  ),
  {
    shows: 'a path does not answer every method',
    send: 'PUT {{api}}/{{writerId}}',
    body: named,
    status: 405,
    answer: FAILED,
    answerHeaders: { allow: 'GET, HEAD, POST, DELETE' },
  },
  { shows: 'the description is for everybody', send: 'GET {{api}}/openapi.json', as: 'none', status: 200 },
]

const STRONG: Exchange = {
  shows: 'a token with another permission',
  send: POST,
  body: { name: 'strong', permissions: ['AlertModify'] },
  status: 200,
  save: { strongId: 'id' },
}

const OPERATIONS = [
  'GET {{api}}',
  'POST {{api}}',
  'GET {{api}}/self',
  'POST {{api}}/self',
  'DELETE {{api}}/self',
  'POST {{api}}/self/rotate',
]

/** What keeps a caller from any of them, whatever it sends. */
const REFUSED: readonly Exchange[] = [
  {
    shows: 'a token for an address far away',
    send: POST,
    body: { name: 'away', permissions: ['*'], allowedCIDRBlocks: ['192.0.2.0/24'] },
    status: 200,
    save: { away: 'value' },
  },
  ...OPERATIONS.flatMap((send): Exchange[] => [
    { shows: `without a token: ${send}`, send, as: 'none', status: 401, answer: FAILED },
    { shows: `from the wrong address: ${send}`, send, as: 'away', status: 403, answer: FAILED },
    {
      shows: `with a token twice: ${send}`,
      send,
      as: 'none',
      headers: { Authorization: 'Bearer {{admin}}', 'X-API-Key': '{{admin}}' },
      status: 400,
      answer: FAILED,
    },
  ]),
  {
    shows: 'rotation of a bearable length',
    send: 'POST {{api}}/self/rotate',
    body: { x: 'x'.repeat(70_000) },
    status: 413,
    answer: FAILED,
  },
]

/** What clients of Panther's API do, and what they are told. */
export const pantherLog: readonly Exchange[] = [
  ...CREATE,
  ...LIST_,
  ...GET,
  ...UPDATE,
  STRONG,
  ...ROTATE,
  ...DELETE,
  ...REFUSED,
]
