import { endedEarly, fromBytes, fromHost, lostBody, MAX_BODY_BYTES, tooLarge } from '../json-body.js'

/**
 * The JSON body of a web `Request`, as `readJson` reads that of a Node request: what the host has made of it
 * (`parsed`), else at most 64 KiB of valid UTF-8. `undefined` for an empty body. Throws `RequestError`
 * (`ERR_TOO_LARGE`, `ERR_INVALID_INPUT`), and a `TypeError` (`ERR_OPTION`) if the host has read a body and left nothing
 * of it.
 */
export async function readRequestBody(request: Request, parsed: unknown): Promise<unknown> {
  if (parsed !== undefined) return fromHost(parsed)
  const { body, bodyUsed, headers } = request
  if (bodyUsed || body?.locked) throw lostBody()
  const bytes = body === null ? NONE : await collect(body)
  // Something in front of the runtime's own request has read it, so its stream ends at once.
  if (bytes.length === 0 && Number(headers.get('content-length')) > 0) throw lostBody()
  return fromBytes(bytes)
}

const NONE = new Uint8Array()

/** Leaves the rest unread, and does not cancel it: that would close the connection before the answer is sent. */
async function collect(body: NonNullable<Request['body']>): Promise<Uint8Array> {
  const reader = body.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((): never => {
        throw endedEarly()
      })
      if (done) return Buffer.concat(chunks)
      length += value.length
      if (length > MAX_BODY_BYTES) throw tooLarge()
      chunks.push(value)
    }
  } finally {
    reader.releaseLock()
  }
}
