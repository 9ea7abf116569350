import { randomInt } from 'node:crypto'
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { crc32 } from 'node:zlib'

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly text: string
  /** The body, which must be JSON. */
  json<T = unknown>(): T
}

export interface Ask {
  /** Names and values in turn, sent as they are, with every repeat. */
  readonly headers?: readonly string[]
  /** An object is sent as JSON, a text as it is; both as `application/json` unless `headers` name a type. */
  readonly body?: unknown
}

/** `path` is sent as it is, with its query; `token` as a bearer token. */
export type Call = (method: string, path: string, token?: string, ask?: Ask) => Promise<Reply>

const agent = new Agent({ keepAlive: true, maxSockets: 256 })

/** `url`: where the host is, or the path of its Unix socket. */
export function client(url: string): Call {
  const host = url.startsWith('/') ? { socketPath: url } : { host: '127.0.0.1', port: new URL(url).port }
  return (method, path, token, { headers = [], body } = {}) =>
    new Promise((resolve, reject) => {
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
      const typed = headers.some((header) => header.toLowerCase() === 'content-type')
      const outgoing = request({
        agent,
        ...host,
        method,
        path,
        headers: [
          'Host',
          'localhost',
          ...(token === undefined ? [] : ['Authorization', `Bearer ${token}`]),
          ...(text === undefined ? [] : ['Content-Length', String(Buffer.byteLength(text))]),
          ...(text === undefined || typed ? [] : ['Content-Type', 'application/json']),
          ...headers,
        ],
      })
      outgoing.once('error', reject)
      outgoing.once('response', (incoming) => {
        const { statusCode = 0, headers, rawHeaders } = incoming
        let received = ''
        incoming.setEncoding('utf8').on('data', (part: string) => {
          received += part
        })
        incoming.once('end', () =>
          resolve({
            status: statusCode,
            headers,
            rawHeaders,
            text: received,
            json: () => JSON.parse(received),
          }),
        )
      })
      outgoing.end(text)
    })
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Anybody can make these: well-formed, with a right checksum. Without an id: known to nobody. */
export function forge(id = `acme.${random(24)}`): string {
  return sealed(`${id}.${random(57)}`)
}

/** The token with one character of its secret changed, and the checksum to match. */
export function alter(token: string, index: number): string {
  const at = token.length - 64 + index
  const other = ALPHABET[(ALPHABET.indexOf(token.charAt(at)) + 1) % 32]
  return sealed(token.slice(0, at) + other + token.slice(at + 1, -7))
}

function sealed(body: string): string {
  const crc = crc32(body)
  return body + [30, 25, 20, 15, 10, 5, 0].map((shift) => ALPHABET[(crc >>> shift) & 31]).join('')
}

function random(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(32)]).join('')
}
