import { MAX_LIFE_MS } from '../../manage/page-queue.js'
import { encodeResponse, type HttpResponse, READ_TIMEOUT_MS, SLICE_BYTES } from '../message.js'

/** An answer as a web `Response`. `method`: of the request. */
export function toResponse(response: HttpResponse, method: string): Response {
  const { status, headers, body } = encodeResponse(response, true)
  if (typeof body !== 'string' && body.length > SLICE_BYTES && method !== 'HEAD') {
    return new Response(streamBytes(body, response), { status, headers })
  }
  response.release?.()
  // A 204 may not even have an empty body.
  return new Response(method === 'HEAD' || body.length === 0 ? null : body, { status, headers })
}

/**
 * The bytes of a large answer as a stream, in slices, as fast as its client reads. The stream fails when nobody reads
 * for 30 s, or not all of it within a minute. It calls `release` then, when all is read, and when it is cancelled, as
 * runtimes do when the client is gone.
 */
export function streamBytes(
  bytes: Uint8Array,
  { release }: Pick<HttpResponse, 'release'>,
  timeout: number = READ_TIMEOUT_MS,
): ReadableStream<Uint8Array> {
  let rest = bytes
  let unread: ReturnType<typeof setTimeout>
  let unfinished: ReturnType<typeof setTimeout>

  function settle(): void {
    clearTimeout(unread)
    clearTimeout(unfinished)
    // The page is not kept alive by a stream that somebody still holds.
    rest = EMPTY
    release?.()
  }

  function giveUp(controller: ReadableStreamDefaultController): void {
    settle()
    controller.error(new Error('The answer was not read in time.'))
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        unread = setTimeout(giveUp, timeout, controller)
        unfinished = setTimeout(giveUp, MAX_LIFE_MS, controller)
      },
      pull(controller) {
        clearTimeout(unread)
        controller.enqueue(rest.subarray(0, SLICE_BYTES))
        rest = rest.subarray(SLICE_BYTES)
        if (rest.length > 0) {
          unread = setTimeout(giveUp, timeout, controller)
        } else {
          settle()
          controller.close()
        }
      },
      cancel: settle,
    },
    // Nothing is cut off before it is asked for.
    { highWaterMark: 0 },
  )
}

const EMPTY = new Uint8Array()
