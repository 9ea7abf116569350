import { once } from 'node:events'
import { type IncomingHttpHeaders, request } from 'node:http'

/** Where a server listens: a port of 127.0.0.1, or a socket in the file system. */
export type Address = { readonly port: number } | { readonly socketPath: string }

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
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly text: string
}

/** Sends one request on a connection of its own. Rejects if the server hangs up without an answer. */
export async function send(address: Address, { method = 'GET', path, headers = [], body }: Ask): Promise<Reply> {
  const chunks = body === undefined ? [] : typeof body === 'string' || body instanceof Uint8Array ? [body] : body
  const framing =
    body === undefined
      ? []
      : Array.isArray(body)
        ? ['Transfer-Encoding', 'chunked']
        : ['Content-Length', String(Buffer.byteLength(body as string | Uint8Array))]
  const all = ['Host', 'localhost', 'Connection', 'close', ...framing, ...headers]
  const outgoing = request({ ...address, host: '127.0.0.1', method, path, headers: all })
  const answered = once(outgoing, 'response')
  // A server may answer and hang up before it has read everything.
  for (const chunk of chunks) outgoing.write(chunk)
  outgoing.end()
  const [incoming] = await answered
  const parts: Buffer[] = []
  for await (const part of incoming) parts.push(part)
  return {
    status: incoming.statusCode,
    headers: incoming.headers,
    rawHeaders: incoming.rawHeaders,
    text: Buffer.concat(parts).toString(),
  }
}

/** The body, which must be JSON. */
export function json(reply: Reply): unknown {
  return JSON.parse(reply.text)
}
