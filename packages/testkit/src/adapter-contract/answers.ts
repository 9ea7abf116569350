import assert from 'node:assert/strict'
import { ERROR_TABLE, type ErrorCode, type IssuedToken } from '@latchkey/core'
import { type Ask, json, type Reply } from './http.js'
import { MOUNT, type Scene } from './scene.js'

/** A refusal, as RFC 6750 and the form of the error have it. */
export interface Refusal {
  readonly status: number
  readonly code: ErrorCode
  /** `WWW-Authenticate`. */
  readonly challenge?: string
  readonly retryAfter?: string
  readonly message: string
}

const PROBLEM = 'application/problem+json'
const BARE = 'Bearer realm="api"'

export const NO_CREDENTIAL: Refusal = {
  status: 401,
  code: 'ERR_NO_TOKEN',
  challenge: BARE,
  message: 'A token is needed to access this resource.',
}

export const INVALID_TOKEN: Refusal = {
  status: 401,
  code: 'ERR_INVALID_TOKEN',
  challenge: `${BARE}, error="invalid_token"`,
  message: 'The token is not valid.',
}

export const WRONG_ADDRESS: Refusal = {
  status: 403,
  code: 'ERR_ADDRESS',
  challenge: BARE,
  message: 'This token may not be used from this address.',
}

export const WRONG_RESOURCE: Refusal = {
  status: 403,
  code: 'ERR_RESOURCE',
  challenge: BARE,
  message: 'This token may not be used for this resource.',
}

export const UNAVAILABLE: Refusal = {
  status: 503,
  code: 'ERR_UNAVAILABLE',
  retryAfter: '1',
  message: 'The token cannot be checked at the moment. Try again later.',
}

export const TOKENS_UNAVAILABLE: Refusal = {
  ...UNAVAILABLE,
  message: 'The tokens cannot be reached at the moment. Try again later.',
}

export function invalidRequest(message: string): Refusal {
  return { status: 400, code: 'ERR_CREDENTIALS', challenge: `${BARE}, error="invalid_request"`, message }
}

export const NO_TOKEN_SENT = invalidRequest('The Authorization header holds no token.')
export const EMPTY_KEY = invalidRequest('The X-API-Key header is empty.')
export const REPEATED = invalidRequest('The Authorization header was sent more than once.')

export function insufficientScope(needed: readonly string[], missing: readonly string[] = needed): Refusal {
  return {
    status: 403,
    code: 'ERR_SCOPE',
    challenge: `${BARE}, error="insufficient_scope", scope="${needed.join(' ')}"`,
    message: `The token lacks the scope ${missing.join(', ')}.`,
  }
}

/**
 * The whole answer: status, every header of ours, and the body to its last byte. In the Dynatrace dialect for the
 * routes at `MOUNT`, else as a problem (RFC 9457), which is the form of guards.
 */
export function expectRefusal(reply: Reply, { status, code, challenge, retryAfter, message }: Refusal): void {
  const isRoute = reply.path.startsWith(MOUNT)
  const { title } = ERROR_TABLE[code]
  const problem = () => ({ type: typeOf(reply, code), title, status, detail: message, code })
  const text = JSON.stringify(isRoute ? { error: { code: status, message } } : problem())
  assert.deepEqual(headOf(reply), {
    status,
    type: isRoute ? 'application/json; charset=utf-8' : PROBLEM,
    length: String(text.length),
    cache: 'no-store',
    challenge,
    retryAfter,
  })
  assert.equal(reply.text, text)
}

/** A problem (RFC 9457) in our own dialect, and the places of its violations in any order. */
export function expectProblem(reply: Reply, code: ErrorCode, paths: readonly string[] = []): void {
  const { status, title } = ERROR_TABLE[code]
  assert.deepEqual([reply.status, reply.headers['content-type']], [status, PROBLEM], reply.text)
  assert.equal(reply.headers['cache-control'], 'no-store')
  const { detail, violations = [], ...rest } = json(reply)
  assert.deepEqual(rest, { type: typeOf(reply, code), title, status, code })
  assert.match(String(detail), /^[A-Z].*\.$/)
  const found = violations as { path: string; message: string }[]
  assert.deepEqual(found.map(({ path }) => path).sort(byCode), [...paths].sort(byCode), reply.text)
  assert.ok(found.every((each) => Object.keys(each).join() === 'path,message' && each.message !== ''))
}

/** The type of a problem, which is the section about its code in the documentation, wherever that is. */
function typeOf(reply: Reply, code: ErrorCode): string {
  const { type } = json<{ type?: string }>(reply)
  assert.ok(type?.startsWith('https://') && type.endsWith(`/docs/errors.md#${code.toLowerCase()}`), reply.text)
  return type ?? ''
}

/** A management error in the Dynatrace envelope: its status, and the places of its violations in any order. */
export function expectError(
  reply: Reply,
  status: number,
  paths: readonly string[] = [],
  location = 'PAYLOAD_BODY',
): void {
  assert.equal(reply.status, status, reply.text)
  assert.equal(reply.headers['cache-control'], 'no-store')
  assert.equal(reply.headers['x-content-type-options'], 'nosniff')
  assert.equal(reply.headers['content-type'], 'application/json; charset=utf-8')
  const { error, ...others } = json<{ error: Record<string, unknown> }>(reply)
  assert.deepEqual(others, {})
  const { code, message, constraintViolations = [], ...rest } = error
  assert.deepEqual(rest, {}, 'the envelope has no other members')
  assert.equal(code, status)
  assert.match(String(message), /^[A-Z].*\.$/)
  const violations = constraintViolations as Record<string, unknown>[]
  assert.deepEqual(violations.map(({ path }) => path).sort(byCode), [...paths].sort(byCode), reply.text)
  for (const { parameterLocation, location: place } of violations) {
    assert.deepEqual([parameterLocation, place], [location, null])
  }
  assert.ok(violations.every(({ message: text }) => typeof text === 'string' && text !== ''))
}

/** 200 from the handler behind a guard, with this very token. */
export function expectLetIn(reply: Reply, { id }: Pick<IssuedToken, 'id'>): void {
  assert.equal(reply.status, 200, reply.text)
  assert.equal(json<{ token: { id: string } }>(reply).token.id, id)
}

/** Asks twice, since the first is judged from the store and the second from the cache. */
export async function expectTwice(
  scene: Scene,
  ask: Ask,
  issued: IssuedToken,
  expected: Refusal | 'let in',
): Promise<void> {
  for (const reply of [await scene.send(ask), await scene.send(ask)]) {
    if (expected === 'let in') expectLetIn(reply, issued)
    else expectRefusal(reply, expected)
  }
}

export function expectNoContent(reply: Reply): void {
  const { status, headers, text } = reply
  const type = headers['content-type']
  const length = headers['content-length']
  assert.deepEqual({ status, text, type, length }, { status: 204, text: '', type: undefined, length: undefined })
  assert.equal(headers['cache-control'], 'no-store')
}

/** 2030-01-01T00:00:00.000Z and the like. */
export function iso(at: number): string {
  return new Date(at).toISOString()
}

/** An answer of the host itself, not of ours. */
export function expectHostsOwn404(reply: Reply): void {
  assert.deepEqual([reply.status, reply.text], [404, 'host'])
}

export interface Essence {
  readonly status: number
  readonly lines: readonly string[]
  readonly text: string
}

/** Header lines, their names in lower case, without those that differ by the moment or the framework, and the body. */
export function essenceOf(reply: Reply): Essence {
  const lines: string[] = []
  for (let i = 0; i < reply.rawHeaders.length; i += 2) {
    const name = String(reply.rawHeaders[i]).toLowerCase()
    if (!/^(?:date|connection|keep-alive|x-powered-by)$/.test(name)) lines.push(`${name}: ${reply.rawHeaders[i + 1]}`)
  }
  return { status: reply.status, lines: lines.sort(byCode), text: reply.text }
}

function headOf({ status, headers }: Reply): Record<string, unknown> {
  return {
    status,
    type: headers['content-type'],
    length: headers['content-length'],
    cache: headers['cache-control'],
    challenge: headers['www-authenticate'],
    retryAfter: headers['retry-after'],
  }
}

function byCode(a: unknown, b: unknown): number {
  return String(a) < String(b) ? -1 : 1
}
