import type { RequestHeaders } from './credentials.js'
import type { AddressSource } from './forgeable-address.js'

/** A request as every framework can describe it. Nothing in it is trusted. */
export interface HttpRequest extends RequestHeaders, AddressSource {
  readonly method: string
  /** The path that the router is mounted at, as the client knows it, without a slash at its end: `/tokens`. */
  readonly mount: string
  /** The path below the mount, percent-encoded as it came. */
  readonly path: string
  /** The query as it came, with or without its `?`. */
  readonly search: string
  /** The client's address as the framework determines it, by the host's own proxy setting. */
  readonly ip: string | undefined
  /** Aborted when the client is gone: then nobody waits for the answer. `routedRequest` adds it. */
  readonly signal?: AbortSignal | undefined
  /**
   * The body as a JSON value: the one that the host has parsed, or read here within bounds (see `readJson`).
   * `undefined`: there is none.
   */
  body(): Promise<unknown>
}

/** An answer; `body` becomes JSON, or is bytes: of JSON, unless `headers` name another type. */
export interface HttpResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** To be called when the answer has been sent or given up: until then its page counts as one in memory. */
  readonly release?: () => void
}

/**
 * Whether the host has answered by itself, for instance with a time-out. Then nothing may be written, and nothing
 * called: a second answer would break the next request of the connection.
 */
export function isAnswered(response: { readonly headersSent: boolean; readonly writableEnded: boolean }): boolean {
  return response.headersSent || response.writableEnded
}

/** A large answer is sent in slices of this size. */
export const SLICE_BYTES = 64 * 1024

/** An answer is given up when its client has taken no byte of it for so long. */
export const READ_TIMEOUT_MS = 30_000

/** An answer down to its bytes, the same on every framework. */
export interface EncodedResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** JSON as text, or as bytes where it is long. Empty where there is no body. */
  readonly body: string | Buffer
}

/**
 * Adds what every answer carries: that it must not be stored or taken for another type, its type and its length.
 * `isReleased`: the adapter calls the answer's `release` by itself, as `streamBody` does; else it is called here.
 */
export function encodeResponse({ status, headers, body, release }: HttpResponse, isReleased = false): EncodedResponse {
  if (!isReleased) release?.()
  const json = body === undefined ? '' : body instanceof Buffer ? body : JSON.stringify(body)
  return {
    status,
    headers: {
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...(body !== undefined && { 'Content-Type': 'application/json; charset=utf-8' }),
      // A 204 has no length (RFC 9110 §8.6).
      ...(status !== 204 && { 'Content-Length': String(Buffer.byteLength(json)) }),
      ...headers,
    },
    body: json,
  }
}
