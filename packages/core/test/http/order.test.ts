import { describe, expect, test } from 'vitest'
import { type Latchkey, RequestError } from '../../src/index.js'
import { type Call, call } from '../support/call.js'
import { countingHasher, testHasher } from '../support/hasher.js'
import { hostCaller, MINUTE, testInstance, twoInstances } from '../support/instance.js'

const UNKNOWN = `lk.${'A'.repeat(24)}`

/** Tokens of every kind that the requests below need, and a store that loses every race once `racing` is set. */
async function stage() {
  const [{ latchkey, store }, other] = twoInstances()
  const state = { racing: false }
  store.afterFind = async (id) => {
    if (state.racing) await other.latchkey.update(id, { metadata: { change: Math.random() } })
  }
  const base = { name: 'n', owner: 'ada' }
  const writer = await latchkey.create({ ...base, scopes: ['apiTokens.*', 'a'] })
  const reader = await latchkey.create({ ...base, scopes: ['apiTokens.read'] })
  const lone = await latchkey.create({ ...base, scopes: ['a'] })
  const off = await latchkey.create({ ...base, scopes: ['a'], enabled: false })
  const strong = await latchkey.create({ ...base, scopes: ['*'] })
  const strongOff = await latchkey.create({ ...base, scopes: ['*'], enabled: false })
  return { latchkey, state, writer, reader, lone, off, strong, strongOff, records: () => other.records() }
}

type Stage = Awaited<ReturnType<typeof stage>>

/** Each request breaks two rules that stand next to each other (or nearly); the earlier one must answer. */
const TABLE: readonly (readonly [string, string, (stage: Stage) => Call & { racing?: boolean }, number, RegExp])[] = [
  ['method', 'credential', () => ({ line: 'PATCH /' }), 405, /method/],
  ['method', 'credential', () => ({ line: 'GET /lookup', by: 'junk' }), 405, /method/],
  ['credential', 'scope', ({ off }) => ({ line: 'GET /', by: off.token }), 401, /not valid/],
  [
    'credential',
    'content type',
    () => ({ line: 'POST /', body: 1, headers: { 'content-type': 'text/plain' } }),
    401,
    /needed/,
  ],
  [
    'unreadable credential',
    'scope',
    ({ reader }) => ({ line: 'POST /', by: reader.token, headers: { 'x-api-key': reader.token } }),
    400,
    /one credential/,
  ],
  [
    'scope',
    'content type',
    ({ reader }) => ({ line: 'POST /', by: reader.token, headers: { 'content-type': 'text/plain' } }),
    403,
    /apiTokens\.write/,
  ],
  [
    'scope',
    'violations of a query',
    ({ lone }) => ({ line: 'GET /?pageSize=x', by: lone.token }),
    403,
    /apiTokens\.read/,
  ],
  [
    'content type',
    'size',
    ({ writer }) => ({
      line: 'POST /',
      by: writer.token,
      headers: { 'content-type': 'text/plain', 'content-length': '70000' },
    }),
    415,
    /application\/json/,
  ],
  [
    'content encoding',
    'size',
    ({ writer }) => ({
      ...{ line: 'POST /', by: writer.token, body: {} },
      headers: { 'content-encoding': 'gzip', 'content-length': '70000' },
    }),
    415,
    /compressed/,
  ],
  [
    'size',
    'JSON',
    ({ writer }) => ({
      ...{ line: 'POST /', by: writer.token, body: {}, headers: { 'content-length': '65537' } },
      raw: () => Promise.reject(new RequestError('ERR_INVALID_INPUT', 'The body is not valid JSON in UTF-8.')),
    }),
    413,
    /65536/,
  ],
  [
    'JSON',
    'violations',
    ({ writer }) => ({
      ...{ line: `PUT /${UNKNOWN}`, by: writer.token, body: {} },
      raw: () => Promise.reject(new RequestError('ERR_INVALID_INPUT', 'The body is not valid JSON in UTF-8.')),
    }),
    400,
    /not valid JSON/,
  ],
  [
    'a body that is no object',
    'unknown token',
    ({ writer }) => ({ line: `PUT /${UNKNOWN}`, by: writer.token, body: [] }),
    400,
    /invalid/,
  ],
  [
    'violations',
    'unknown token',
    ({ writer }) => ({ line: `PUT /${UNKNOWN}`, by: writer.token, body: { name: 1 } }),
    400,
    /invalid/,
  ],
  [
    'violations',
    'unknown path id',
    ({ writer }) => ({ line: 'POST /nobody/rotate', by: writer.token, body: { x: 1 } }),
    400,
    /invalid/,
  ],
  [
    'violations',
    'attenuation',
    ({ writer }) => ({ line: 'POST /', by: writer.token, body: { name: '', scopes: ['*'] } }),
    400,
    /invalid/,
  ],
  [
    'violations',
    'own token',
    ({ writer }) => ({ line: 'PUT /self', by: writer.token, body: { enabled: false, name: '' } }),
    400,
    /invalid/,
  ],
  [
    'unknown token',
    'own token',
    () => ({ line: 'PUT /self', body: { enabled: false }, authorize: () => hostCaller().caller }),
    404,
    /no such token/,
  ],
  [
    'unknown token',
    'attenuation',
    ({ writer }) => ({ line: `PUT /${UNKNOWN}`, by: writer.token, body: { scopes: ['*'] } }),
    404,
    /no such token/,
  ],
  [
    'own token',
    'attenuation',
    ({ writer }) => ({ line: 'PUT /self', by: writer.token, body: { enabled: false, scopes: ['*'] } }),
    400,
    /authenticates/,
  ],
  [
    'attenuation',
    'state',
    ({ writer, strongOff }) => ({ line: `POST /${strongOff.id}/rotate`, by: writer.token }),
    403,
    /more than/,
  ],
  [
    'attenuation',
    'state',
    ({ writer, strong }) => ({ line: `POST /${strong.id}/rotate/cancel`, by: writer.token }),
    403,
    /more than/,
  ],
  [
    'attenuation',
    'lost race',
    ({ writer, off }) => ({ line: `PUT /${off.id}`, by: writer.token, body: { scopes: ['b'] }, racing: true }),
    403,
    /more than/,
  ],
  [
    'state',
    'lost race',
    ({ writer, off }) => ({ line: `POST /${off.id}/rotate`, by: writer.token, racing: true }),
    400,
    /disabled/,
  ],
  [
    'state',
    'lost race',
    ({ writer, reader }) => ({ line: `POST /${reader.id}/rotate/finish`, by: writer.token, racing: true }),
    400,
    /under way/,
  ],
  [
    'lost race',
    'nothing',
    ({ writer, reader }) => ({ line: `POST /${reader.id}/rotate`, by: writer.token, racing: true }),
    409,
    /changed/,
  ],
  [
    'lost race',
    'nothing',
    ({ writer, off }) => ({ line: `PUT /${off.id}`, by: writer.token, body: { name: 'm' }, racing: true }),
    409,
    /changed/,
  ],
]

describe('of two broken rules the earlier one answers', () => {
  test.each(TABLE)('%s before %s', async (_, __, request, status, message) => {
    const set = await stage()
    const { racing = false, ...sent } = request(set)
    const before = await set.records()
    set.state.racing = racing
    const answer = await call(set.latchkey, sent)
    expect(answer).toMatchObject({ status, body: { error: { code: status, message: expect.stringMatching(message) } } })
    const unchanged = (record: object) => ({ ...record, metadata: 0, version: 0, modifiedAt: 0, modifiedBy: 0 })
    expect((await set.records()).map(unchanged)).toEqual(before.map(unchanged))
  })
})

test('no operation does anything without a credential, whatever is said in body, query or path', async () => {
  const { latchkey, records, writer, strong } = await stage()
  const before = await records()
  const claims = { authenticated: true, caller: { owner: 'ada', scopes: ['*'] }, token: writer.token, owner: 'ada' }
  const lines = [
    ...['GET /', 'POST /', 'POST /lookup', 'POST /revoke', `GET /${strong.id}`, `PUT /${strong.id}`],
    ...[`DELETE /${strong.id}`, `DELETE /${strong.token}`, `POST /${strong.id}/rotate`],
    ...[`POST /${strong.id}/rotate/finish`, `POST /${strong.id}/rotate/cancel`, 'GET /self', 'DELETE /self'],
    ...['POST /self/rotate', `GET /?token=${writer.token}&access_token=${writer.token}`],
  ]
  for (const line of lines) {
    const answer = await call(latchkey, { line, body: { ...claims, name: 'x', scopes: ['a'] } })
    expect(answer, line).toMatchObject({ status: 401, headers: { 'WWW-Authenticate': 'Bearer realm="api"' } })
  }
  expect(await records()).toEqual(before)
})

test('a body that takes its time carries no old right along', async () => {
  for (const body of [
    { line: 'POST /', body: { name: 'late', scopes: ['a'] } },
    { line: 'PUT /target', body: { name: 'late' } },
    { line: 'POST /target/rotate', body: {} },
    { line: 'POST /target/rotate/finish', body: {} },
    { line: 'POST /revoke', body: { token: 'target' } },
  ]) {
    for (const [withdraw, status] of [
      [(set: Stage) => set.latchkey.update(set.writer.id, { enabled: false }), 401],
      [(set: Stage) => set.latchkey.delete(set.writer.id), 401],
      [(set: Stage) => set.latchkey.rotate(set.writer.id), 401],
      [(set: Stage) => set.latchkey.update(set.writer.id, { scopes: ['a'] }), 403],
    ] as const) {
      if (status === 403 && body.line === 'POST /revoke') continue
      const set = await stage()
      await set.latchkey.rotate(set.reader.id, { previousExpiresAt: 'now+1h' })
      let before = await set.records()
      const answer = await call(set.latchkey, {
        ...{ ...body, by: set.writer.token, line: body.line.replace('target', set.reader.id) },
        raw: async () => {
          await withdraw(set)
          before = await set.records()
          return 'token' in body.body ? { token: set.reader.token } : body.body
        },
      })
      expect(answer.status, body.line).toBe(status)
      expect(await set.records()).toEqual(before)
    }
  }
})

test('nor does one that the host has signed in', async () => {
  const { latchkey, records } = testInstance()
  const session: { caller: ReturnType<typeof hostCaller>['caller'] | undefined } = { caller: hostCaller().caller }
  const answer = await call(latchkey, {
    line: 'POST /',
    body: { name: 'late', scopes: ['a'] },
    authorize: () => session.caller,
    raw: async () => {
      session.caller = undefined
      return { name: 'late', scopes: ['a'] }
    },
  })
  expect(answer.status).toBe(401)
  expect(await records()).toEqual([])
})

/** An instance whose next hash waits for something to happen. */
function slowlyHashing() {
  const during: { happens?: (() => Promise<unknown>) | undefined } = {}
  const hasher = countingHasher(testHasher, true)
  hasher.beforeHash = async () => {
    const { happens } = during
    during.happens = undefined
    await happens?.()
  }
  return { ...testInstance({ hasher }), during }
}

test.each([
  ['deleted', (latchkey: Latchkey, id: string) => latchkey.delete(id), 401],
  ['disabled', (latchkey: Latchkey, id: string) => latchkey.update(id, { enabled: false }), 401],
  ['rotated', (latchkey: Latchkey, id: string) => latchkey.rotate(id), 401],
  ['narrowed', (latchkey: Latchkey, id: string) => latchkey.update(id, { scopes: ['a'] }), 403],
  ['weakened', (latchkey: Latchkey, id: string) => latchkey.update(id, { scopes: ['apiTokens.*'] }), 403],
])('a hash that takes its time hands nothing to a caller who is %s meanwhile', async (_, withdraw, status) => {
  for (const line of ['POST /', 'POST /target/rotate']) {
    const { latchkey, during, records } = slowlyHashing()
    const writer = await latchkey.create({ name: 'w', owner: 'ada', scopes: ['apiTokens.*', 'a'] })
    const target = await latchkey.create({ name: 't', owner: 'ada', scopes: ['a'] })
    let before = await records()
    during.happens = async () => {
      await withdraw(latchkey, writer.id)
      before = await records()
    }
    const body = line === 'POST /' ? { name: 'late', scopes: ['a'] } : {}
    const answer = await call(latchkey, { line: line.replace('target', target.id), by: writer.token, body })
    expect([answer.status, during.happens], line).toEqual([status, undefined])
    expect(await records()).toEqual(before)
  }
})

test('nor to one whose right by the host ends meanwhile', async () => {
  const { latchkey, during, clock, records } = slowlyHashing()
  const { caller } = hostCaller({ expiresAt: clock.now + MINUTE })
  const session: { caller: typeof caller | undefined } = { caller }
  const ask = { line: 'POST /', body: { name: 'n', scopes: ['a'], expirationDate: 'now+1m' } }
  const request = { ...ask, authorize: () => session.caller }
  during.happens = async () => {
    session.caller = undefined
  }
  expect((await call(latchkey, request)).status).toBe(401)
  session.caller = caller
  during.happens = async () => {
    clock.now += MINUTE
  }
  expect((await call(latchkey, request)).status).toBe(401)
  expect(await records()).toEqual([])
})

test('what the host throws is thrown on, before the body and behind it', async () => {
  for (const failing of [1, 2, 3]) {
    const { latchkey } = testInstance()
    const failure = new RequestError('ERR_NOT_FOUND', 'of the host')
    let asked = 0
    const request: Call = {
      ...{ line: 'POST /', body: { name: 'n', scopes: ['a'] } },
      authorize: () => {
        asked++
        if (asked === failing) throw failure
        return hostCaller().caller
      },
    }
    await expect(call(latchkey, request)).rejects.toBe(failure)
  }
})

test('a body of nothing but violations is answered with some of them, soon', async () => {
  const { latchkey, lone } = await stage()
  const junk = Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [i.toString(36), 0]))
  const answer = await call(latchkey, { line: 'POST /lookup', by: lone.token, body: junk })
  expect(answer.status).toBe(400)
  expect(JSON.stringify(answer.body).length).toBeLessThan(JSON.stringify(junk).length)
})
