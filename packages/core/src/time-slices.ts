/** About a millisecond's work. */
const CHUNK_SIZE = 100

/** One queue per process, because all work of the process shares one event loop. */
const waiting: (() => void)[] = []

/**
 * Goes through many items in chunks of 100, without holding up the event loop: each of its turns makes one chunk,
 * of whichever caller has waited longest. So a short list waits for one chunk of each longer one under way, not for all
 * of them.
 */
export async function* inSlices<T>(items: Iterable<T>): AsyncGenerator<readonly T[]> {
  await nextSlice()
  let chunk: T[] = []
  for (const item of items) {
    chunk.push(item)
    if (chunk.length < CHUNK_SIZE) continue
    yield chunk
    chunk = []
    await nextSlice()
  }
  if (chunk.length > 0) yield chunk
}

function nextSlice(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve)
    if (waiting.length === 1) setImmediate(runNext)
  })
}

function runNext(): void {
  waiting.shift()?.()
  if (waiting.length > 0) setImmediate(runNext)
}
