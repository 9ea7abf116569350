import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRouter, encodeResponse, readJson } from '../../src/adapter.js'
import { RequestError } from '../../src/index.js'
import { call, member } from '../support/call.js'
import { DAY, NOW, type TestInstance, testInstance } from '../support/instance.js'

const LIMIT = 64 * 1024

let server: Server
let port: number
let answer: (req: IncomingMessage, res: ServerResponse) => Promise<void>

beforeEach(async () => {
  answer = echo
  server = createServer((req, res) => void answer(req, res).catch((error: unknown) => res.destroy(error as Error)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})

afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

/** Says what was read, or with which error it was refused. */
async function echo(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const outcome = await readJson(req, undefined).then(
    (value) => ({ status: 200, body: { value, none: value === undefined } }),
    (error: unknown) => {
      if (!(error instanceof RequestError)) throw error
      return { status: error.status, body: { code: error.code, message: error.message } }
    },
  )
  const { status, headers, body } = encodeResponse(outcome)
  res.writeHead(status, { ...headers }).end(body)
}

interface Received {
  readonly status: number | undefined
  readonly body: unknown
}

async function send(body: Uint8Array | string | Readable, headers: Record<string, string> = {}): Promise<Received> {
  const req = httpRequest({ host: '127.0.0.1', port, method: 'POST', path: '/', headers })
  const response = once(req, 'response') as Promise<[IncomingMessage]>
  if (body instanceof Readable) {
    req.flushHeaders()
    body.pipe(req)
  } else req.end(body)
  const [res] = await response
  const chunks: Buffer[] = []
  for await (const chunk of res) chunks.push(chunk as Buffer)
  req.destroy()
  return { status: res.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()) as unknown }
}

const quoted = (length: number) => JSON.stringify('x'.repeat(length - 2))

describe('a body that is read here', () => {
  test('comes as a JSON value, whatever pieces it comes in', async () => {
    expect(await send('{"a": [1, "é"]}')).toEqual({ status: 200, body: { value: { a: [1, 'é'] }, none: false } })
    const bytes = [...Buffer.from('{"a":"é\u{1F600}"}')].map((byte) => Buffer.of(byte))
    expect(await send(Readable.from(bytes))).toMatchObject({ status: 200, body: { value: { a: 'é\u{1F600}' } } })
  })

  test('is undefined when empty', async () => {
    expect(await send('')).toEqual({ status: 200, body: { none: true } })
    expect(await send(Readable.from([]))).toEqual({ status: 200, body: { none: true } })
  })

  test.each<[string, Uint8Array | string]>([
    ['a half', '{"a":'],
    ['two values', '{} {}'],
    ['a trailing comma', '[1,]'],
    ['no JSON', 'name=x'],
    ['invalid UTF-8', Buffer.of(0x22, 0xff, 0x22)],
    ['an overlong form', Buffer.of(0x22, 0xc0, 0xaf, 0x22)],
    ['a byte order mark', '\ufeff{}'],
    ['UTF-16', Buffer.from('{}', 'utf16le')],
  ])('%s is refused, and not repeated', async (_, body) => {
    const { status, body: told } = await send(body)
    expect({ status, told }).toEqual({
      status: 400,
      told: { code: 'ERR_INVALID_INPUT', message: 'The body is not valid JSON in UTF-8.' },
    })
  })

  test('may have 64 KiB, not a byte more, declared or not', async () => {
    for (const [length, status] of [
      [LIMIT, 200],
      [LIMIT + 1, 413],
    ] as const) {
      const text = quoted(length)
      expect((await send(text)).status).toBe(status)
      expect((await send(Readable.from([text.slice(0, 1000), text.slice(1000)]))).status).toBe(status)
    }
  })

  test('that goes on for megabytes gets its answer, not a reset, and is not kept', async () => {
    let given = 0
    const endless = new Readable({
      read() {
        given += 16_384
        this.push(given > 32 * 2 ** 20 ? null : Buffer.alloc(16_384, 0x20))
      },
    })
    const before = process.memoryUsage().arrayBuffers
    expect(await send(endless)).toMatchObject({ status: 413, body: { code: 'ERR_TOO_LARGE' } })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 2 ** 20)
    // The server is there for the next one.
    expect((await send('1')).status).toBe(200)
  })
})

describe('a body that never ends', () => {
  const HALF = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"a":'

  test('is refused when its sender leaves', async () => {
    let settle: (outcome: unknown) => void = () => undefined
    const outcome = new Promise((resolve) => {
      settle = resolve
    })
    answer = async (req) => readJson(req, undefined).then(settle, settle)
    const socket = connect(port, '127.0.0.1')
    const arrived = once(server, 'request')
    socket.write(HALF)
    await arrived
    socket.destroy()
    expect(await outcome).toMatchObject({ code: 'ERR_INVALID_INPUT', message: expect.stringContaining('too early') })
  })

  test('is refused also when its sender left before the reading began', async () => {
    let settle: (outcome: unknown) => void = () => undefined
    const outcome = new Promise((resolve) => {
      settle = resolve
    })
    answer = async (req) => {
      // Not `once`, which would listen for errors and so change what is told.
      await new Promise((resolve) => req.on('close', resolve))
      await readJson(req, undefined).then(settle, settle)
    }
    const socket = connect(port, '127.0.0.1')
    const arrived = once(server, 'request')
    socket.write(HALF)
    await arrived
    socket.destroy()
    expect(await outcome).toMatchObject({ code: 'ERR_INVALID_INPUT', message: expect.stringContaining('too early') })
  })
})

describe('a body that a parser of the host has read', () => {
  async function consumed(make: (bytes: Buffer) => unknown, body: string): Promise<Received> {
    answer = async (req, res) => {
      const chunks: Buffer[] = []
      for await (const chunk of req) chunks.push(chunk as Buffer)
      const value = await readJson(req, make(Buffer.concat(chunks))).then(
        (read) => ({ read }),
        (error: unknown) => ({ code: (error as RequestError).code }),
      )
      res.end(JSON.stringify(value))
    }
    return send(body)
  }

  test.each<[string, (bytes: Buffer) => unknown, string, unknown]>([
    ['as a value', (bytes) => JSON.parse(bytes.toString()), '{"a":1}', { read: { a: 1 } }],
    ['as a text', (bytes) => bytes.toString(), '{"a":1}', { read: { a: 1 } }],
    ['as bytes', (bytes) => bytes, '{"a":1}', { read: { a: 1 } }],
    ['as a text that is no JSON', (bytes) => bytes.toString(), 'x', { code: 'ERR_INVALID_INPUT' }],
    ['as too many bytes', (bytes) => bytes, quoted(LIMIT + 1), { code: 'ERR_TOO_LARGE' }],
    ['as nothing', () => undefined, '{"a":1}', { code: 'ERR_OPTION' }],
  ])('%s', async (_, make, body, expected) => {
    expect((await consumed(make, body)).body).toEqual(expected)
  })

  test('counts only if the stream was read: what was put there unread is not the body', async () => {
    answer = async (req, res) => {
      res.end(JSON.stringify(await readJson(req, { forged: true })))
    }
    expect((await send('{"real":true}')).body).toEqual({ real: true })
  })
})

describe('through the router', () => {
  let set: TestInstance
  let by: string

  beforeEach(async () => {
    set = testInstance()
    by = (await set.latchkey.create({ name: 'n', owner: 'ada', scopes: ['*'] })).token
    answer = async (req, res) => {
      const [path = '', search = ''] = (req.url ?? '').split('?')
      const { method = '', headers, rawHeaders, socket } = req
      const parts = { method, mount: '', path, search, headers, rawHeaders, ip: socket.remoteAddress }
      const answered = await createRouter()(set.latchkey, { ...parts, body: () => readJson(req, undefined) }, undefined)
      const { status, headers: sent, body } = encodeResponse(answered ?? { status: 404 })
      res.writeHead(status, { ...sent }).end(body)
    }
  })

  const GOOD = JSON.stringify({ name: 'n', scopes: ['a'] })
  const JSON_TYPE = 'application/json'

  test.each<[string, number, string | Readable, Record<string, string>]>([
    ['JSON', 201, GOOD, { 'content-type': JSON_TYPE }],
    ['JSON, saying so at length', 201, GOOD, { 'content-type': 'Application/JSON; Charset="UTF-8"' }],
    ['JSON in pieces', 201, Readable.from([GOOD]), { 'content-type': JSON_TYPE }],
    ['no type', 415, GOOD, {}],
    ['a form', 415, 'name=x', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['text that a simple cross-site request may send', 415, GOOD, { 'content-type': 'text/plain' }],
    ['another JSON type', 415, GOOD, { 'content-type': 'application/merge-patch+json' }],
    ['another charset', 415, GOOD, { 'content-type': 'application/json; charset=utf-16' }],
    ['a compressed body', 415, GOOD, { 'content-type': JSON_TYPE, 'content-encoding': 'gzip' }],
    ['nothing', 400, '', { 'content-type': JSON_TYPE }],
    ['too much, declared', 413, quoted(LIMIT + 1), { 'content-type': JSON_TYPE }],
    ['too much, in pieces', 413, Readable.from([quoted(LIMIT), '   ']), { 'content-type': JSON_TYPE }],
  ])('%s: %i', async (_, status, body, headers) => {
    const { status: answered, body: told } = await send(body, { ...headers, authorization: `Bearer ${by}` })
    expect([answered, told]).toEqual([
      status,
      status === 201 ? expect.anything() : { error: expect.objectContaining({ code: status }) },
    ])
    expect(await set.records()).toHaveLength(status === 201 ? 2 : 1)
  })

  test('a stranger’s body is not waited for', async () => {
    const stuck = new Readable({ read: () => undefined })
    expect(await send(stuck, { 'content-type': JSON_TYPE })).toMatchObject({ status: 401 })
  })
})

test('a relative time is read once, when the body has arrived', async () => {
  const { latchkey, clock } = testInstance()
  const authorize = () => {
    // The host's sign-in takes a second each time: before the body, and after it.
    clock.now += 1_000
    return { owner: 'ada', scopes: ['*'] }
  }
  const body = { name: 'n', scopes: ['a'], expirationDate: 'now+1d' }
  const created = await call(latchkey, { line: 'POST /', body, authorize })
  expect(created.status).toBe(201)
  expect(clock.now).toBeGreaterThanOrEqual(NOW + 2_000)
  expect(Date.parse(member(created, 'expirationDate'))).toBe(NOW + 1_000 + DAY)
  const { expiresAt } = await latchkey.get(member(created, 'id'))
  expect(expiresAt).toBe(NOW + 1_000 + DAY)
})

test('what is given in a call may be changed while it runs, or afterwards', async () => {
  const { latchkey } = testInstance()
  const input = {
    name: 'n',
    owner: 'ada',
    scopes: ['a'],
    networks: ['192.0.2.0/24'],
    metadata: { team: { name: 'x' } },
  }
  const expected = structuredClone(input)
  const call = latchkey.create(input)
  input.scopes.push('admin')
  input.networks.pop()
  input.metadata.team.name = 'y'
  const { id } = await call
  input.scopes.push('admin')
  input.metadata.team.name = 'z'
  expect(await latchkey.get(id)).toMatchObject(expected)
  expect(Object.isFrozen(input.metadata)).toBe(false)
})
