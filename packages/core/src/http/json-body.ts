import { MIMEType } from 'node:util'
import { optionError, RequestError } from '../errors.js'
import type { HttpRequest } from './message.js'

/** The most that a body may have. */
export const MAX_BODY_BYTES = 64 * 1024

/** Whether this is JSON in UTF-8, which is JSON's only charset, with whatever parameters beside (RFC 9110 §5.6.6). */
function isJson(type: string, mediaTypes: readonly string[]): boolean {
  try {
    const { essence, params } = new MIMEType(type)
    return mediaTypes.includes(essence) && (params.get('charset') ?? 'utf-8').toLowerCase() === 'utf-8'
  } catch {
    return false
  }
}

/**
 * Refuses a body, before a byte of it is read, whose headers declare anything but plain JSON of acceptable length.
 * `mediaTypes`: the names that this JSON may have.
 */
export function checkBodyHeaders(headers: HttpRequest['headers'], mediaTypes: readonly string[]): void {
  const type = headers['content-type']
  const encoding = headers['content-encoding']
  if (typeof type !== 'string' || !isJson(type, mediaTypes)) {
    throw new RequestError('ERR_MEDIA_TYPE', `The content type must be ${mediaTypes.join(' or ')} in UTF-8.`)
  }
  if (encoding !== undefined && encoding !== 'identity') {
    throw new RequestError('ERR_MEDIA_TYPE', 'The body must not be compressed.')
  }
  if (Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge()
}

/** The error of a body that something before the routes has read, and left nothing of. */
export function lostBody(): TypeError {
  return optionError('tokenRoutes', LOST_BODY)
}

const LOST_BODY =
  'found no body, because something before it has read the request and left no result. Mount it in front of that, or use a JSON parser'

/** What a parser of the host has made of a body: a value, or its text or bytes, which are JSON then. */
export function fromHost(parsed: unknown): unknown {
  if (parsed instanceof Uint8Array) return fromBytes(parsed)
  if (typeof parsed === 'string') return fromBytes(Buffer.from(parsed))
  return parsed
}

/** `undefined` for none. Throws `RequestError` (`ERR_TOO_LARGE`, `ERR_INVALID_INPUT`). */
export function fromBytes(bytes: Uint8Array): unknown {
  if (bytes.length > MAX_BODY_BYTES) throw tooLarge()
  if (bytes.length === 0) return undefined
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    // The parser's own message repeats parts of the body, which may hold a token.
    throw new RequestError('ERR_INVALID_INPUT', 'The body is not valid JSON in UTF-8.')
  }
}

export function endedEarly(): RequestError {
  return new RequestError('ERR_INVALID_INPUT', 'The body ended too early.')
}

export function tooLarge(): RequestError {
  return new RequestError('ERR_TOO_LARGE', `The body must have at most ${MAX_BODY_BYTES} bytes.`)
}
