import type { IncomingMessage } from 'node:http'
import { endedEarly, fromBytes, fromHost, lostBody, MAX_BODY_BYTES, tooLarge } from './json-body.js'

/**
 * The JSON body of a Node request. If a body parser of the host has read the stream, it is `parsed`, that parser's
 * result; else it is read here, at most 64 KiB of valid UTF-8. `undefined` for an empty body. Throws `RequestError`
 * (`ERR_TOO_LARGE`, `ERR_INVALID_INPUT`), and a `TypeError` (`ERR_OPTION`) if the host has read a body and left nothing
 * of it.
 */
export async function readJson(stream: IncomingMessage, parsed: unknown): Promise<unknown> {
  // A parser that skipped this body leaves `{}` or nothing. The state of the stream shows whether one read it.
  if (!stream.readableDidRead && !stream.readableEnded) return fromBytes(await collect(stream))
  // There was a body, and to go on without it could rotate a token without the overlap that was asked for.
  if (stream.readableDidRead && parsed === undefined) throw lostBody()
  return fromHost(parsed)
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
