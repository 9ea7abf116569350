import { Agent, type IncomingHttpHeaders, request } from 'node:http'

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
