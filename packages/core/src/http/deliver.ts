import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { MAX_LIFE_MS } from '../manage/page-queue.js'
import type { HttpResponse } from './message.js'
import { READ_TIMEOUT_MS, SLICE_BYTES } from './message.js'

/** Aborted when the connection closes before the answer is complete. */
export function clientSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  return gone.signal
}

/**
 * The body of a large answer as a stream, in slices, as fast as its client reads. Closes the connection when the client
 * takes nothing for `timeout` ms (default 30,000), or not all of it within a minute, and calls the answer's `release` when all is sent or the
 * connection is closed.
 */
export function streamBody(
  body: Buffer,
  response: ServerResponse,
  { release }: Pick<HttpResponse, 'release'>,
  timeout: number = READ_TIMEOUT_MS,
): Readable {
  const timer = setTimeout(() => response.destroy(), timeout)
  const end = setTimeout(() => response.destroy(), MAX_LIFE_MS)
  const close = () => {
    clearTimeout(timer)
    clearTimeout(end)
    release?.()
  }
  // The client may have left before.
  if (response.destroyed) close()
  else response.once('close', close)
  function* slices(): Generator<Buffer> {
    for (let start = 0; start < body.length; start += SLICE_BYTES) {
      timer.refresh()
      yield body.subarray(start, start + SLICE_BYTES)
    }
    timer.refresh()
  }
  return Readable.from(slices(), { objectMode: false, highWaterMark: SLICE_BYTES })
}
