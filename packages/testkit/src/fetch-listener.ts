import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'

/** Answers a request. `incoming`: Node's own form of it, for its client's address. */
export type FetchHandler = (request: Request, incoming: IncomingMessage) => Response | Promise<Response>

/**
 * A `node:http` listener for a function that speaks fetch, so that the adapter contract can run on it. Node's own
 * `Request` and `Response` are used, and nothing is added to either.
 *
 * @example
 * const mount: MountHost = (plan) => fetchListener((request) => hostOf(plan)(request))
 */
export function fetchListener(handle: FetchHandler): RequestListener {
  return (incoming, outgoing) => {
    answer(handle, incoming, outgoing).catch(() => outgoing.destroy())
  }
}

async function answer(handle: FetchHandler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { status, headers, body } = await handle(requestOf(incoming, signalOf(outgoing)), incoming)
  outgoing.writeHead(status, Object.fromEntries(headers))
  if (body === null) outgoing.end()
  else await pipeline(Readable.fromWeb(body as ReadableStream), outgoing)
}

function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = 'GET', url = '', rawHeaders } = incoming
  const headers = new Headers()
  for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '')
  const hasBody = headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) > 0
  const body =
    hasBody && method !== 'GET' && method !== 'HEAD' ? { body: streamOf(incoming), duplex: 'half' as const } : {}
  return new Request(url.startsWith('/') ? `http://localhost${url}` : url, { method, headers, signal, ...body })
}

/** A stream that is left unread does not end its connection. */
function streamOf(incoming: IncomingMessage): NonNullable<Request['body']> {
  const chunks = incoming.iterator({ destroyOnReturn: false })
  return Readable.toWeb(Readable.from(chunks)) as NonNullable<Request['body']>
}

/** Aborted when the client is gone before it has the answer. */
function signalOf(outgoing: ServerResponse): AbortSignal {
  const gone = new AbortController()
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) gone.abort()
  })
  return gone.signal
}
