import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener, request, type ServerOptions } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { IssuedToken } from '@latchkey/core'

/** Where a server listens: a port of 127.0.0.1, or a socket in the file system. */
type Address = { readonly port: number } | { readonly socketPath: string }

export interface Ask {
  readonly method?: string
  /** Sent as it is, with its query. */
  readonly path: string
  /** Names and values in turn, sent in this order with every repeat. */
  readonly headers?: readonly string[]
  /** Sent with a length; a list is sent in chunks without one. */
  readonly body?: string | Uint8Array | readonly (string | Uint8Array)[]
}

export interface Reply {
  /** That was asked for, with its query. */
  readonly path: string
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly text: string
}

export interface ServeOptions extends Pick<ServerOptions, 'maxHeaderSize'> {
  /** Listen at a socket in the file system, where clients have no address. */
  readonly withoutAddresses?: boolean
}

export interface Serving {
  /** Sends one request on a connection of its own. Rejects if the server hangs up without an answer. */
  send(ask: Ask): Promise<Reply>
  close(): Promise<void>
}

/** Starts a real server on a free port of 127.0.0.1. */
export async function serve(listener: RequestListener, options: ServeOptions = {}): Promise<Serving> {
  const { withoutAddresses = false, ...serverOptions } = options
  const server = createServer(serverOptions, listener)
  const socketPath = join(tmpdir(), `latchkey-${randomUUID()}.sock`)
  server.listen(withoutAddresses ? { path: socketPath } : { port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const bound = server.address()
  const address = bound !== null && typeof bound === 'object' ? { port: bound.port } : { socketPath }
  return {
    send: (ask) => send(address, ask),
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function send(address: Address, { method = 'GET', path, headers = [], body }: Ask): Promise<Reply> {
  const chunks = body === undefined ? [] : typeof body === 'string' || body instanceof Uint8Array ? [body] : body
  const framing = body === undefined ? [] : framingOf(body)
  const all = ['Host', 'localhost', 'Connection', 'close', ...framing, ...headers]
  const outgoing = request({ ...address, host: '127.0.0.1', method, path, headers: all })
  const answered = once(outgoing, 'response')
  // A server may answer and hang up before it has read everything: what is not answered is rejected above.
  outgoing.on('error', () => undefined)
  for (const chunk of chunks) outgoing.write(chunk)
  outgoing.end()
  const [incoming] = await answered
  const parts: Buffer[] = []
  for await (const part of incoming) parts.push(part)
  return {
    path,
    status: incoming.statusCode,
    headers: incoming.headers,
    rawHeaders: incoming.rawHeaders,
    text: Buffer.concat(parts).toString(),
  }
}

function framingOf(body: NonNullable<Ask['body']>): string[] {
  const whole = typeof body === 'string' || body instanceof Uint8Array
  return whole ? ['Content-Length', String(Buffer.byteLength(body))] : ['Transfer-Encoding', 'chunked']
}

/** The body, which must be JSON. */
export function json<T = Record<string, unknown>>(reply: Reply): T {
  return JSON.parse(reply.text) as T
}

type Holder = Pick<IssuedToken, 'token'>

export const bearer = ({ token }: Holder) => ['Authorization', `Bearer ${token}`]
export const apiToken = ({ token }: Holder) => ['Authorization', `Api-Token ${token}`]
export const apiKey = ({ token }: Holder) => ['X-API-Key', token]
export const basic = ['Authorization', 'Basic YWxpY2U6c2VjcmV0']
export const forwardedFor = (addresses: string) => ['X-Forwarded-For', addresses]
export const JSON_TYPE = ['Content-Type', 'application/json']
