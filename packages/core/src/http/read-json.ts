import type { IncomingMessage } from 'node:http'
import { MIMEType } from 'node:util'
import { optionError, RequestError } from '../errors.js'
import type { HttpRequest } from './message.js'

const MAX_BODY_BYTES = 64 * 1024

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

/**
 * The JSON body of a Node request. If a body parser of the host has read the stream, it is `parsed`, that parser's result;
 * else it is read here, at most 64 KiB of valid UTF-8. `undefined` for an empty body.
 * Throws `RequestError` (`ERR_TOO_LARGE`, `ERR_INVALID_INPUT`), and a `TypeError` (`ERR_OPTION`) if the host has read a body and
 * left nothing of it.
 */
export async function readJson(stream: IncomingMessage, parsed: unknown): Promise<unknown> {
  // A parser that skipped this body leaves `{}` or nothing. Whether one read it, the stream tells.
  if (!stream.readableDidRead && !stream.readableEnded) return fromBytes(await collect(stream))
  // There was a body, and to go on without it could rotate a token without the overlap that was asked for.
  if (stream.readableDidRead && parsed === undefined) throw optionError('tokenRoutes', LOST_BODY)
  return fromHost(parsed)
}

const LOST_BODY =
  'found no body, because something before it has read the request and left no result. Mount it in front of that, or use a JSON parser'

function fromHost(parsed: unknown): unknown {
  if (parsed instanceof Uint8Array) return fromBytes(parsed)
  if (typeof parsed === 'string') return fromBytes(Buffer.from(parsed))
  return parsed
}

function fromBytes(bytes: Uint8Array): unknown {
  if (bytes.length > MAX_BODY_BYTES) throw tooLarge()
  if (bytes.length === 0) return undefined
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    // The parser's own message repeats parts of the body, which may hold a token.
    throw new RequestError('ERR_INVALID_INPUT', 'The body is not valid JSON in UTF-8.')
  }
}

/** Uses events because leaving an iteration early would destroy the connection before the answer is sent. */
function collect(stream: IncomingMessage): Promise<Buffer> {
  // The stream is already closed: its events will not fire again.
  if (stream.destroyed) return Promise.reject(endedEarly())
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const settle = (act: () => void) => {
      stream.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose)
      act()
    }
    const onData = (chunk: Buffer) => {
      length += chunk.length
      if (length <= MAX_BODY_BYTES) chunks.push(chunk)
      else settle(() => reject(tooLarge()))
    }
    const onEnd = () => settle(() => resolve(Buffer.concat(chunks)))
    const onClose = () => settle(() => reject(endedEarly()))
    stream.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose)
  })
}

function endedEarly(): RequestError {
  return new RequestError('ERR_INVALID_INPUT', 'The body ended too early.')
}

function tooLarge(): RequestError {
  return new RequestError('ERR_TOO_LARGE', `The body must have at most ${MAX_BODY_BYTES} bytes.`)
}
