import { setImmediate as nextTurn } from 'node:timers/promises'

/** About a millisecond's work on tokens. */
const PART = 100

let last: Promise<void> = Promise.resolve()

/**
 * Goes through many items in parts, between which the event loop has a turn for others. Of all that go through items in
 * this process one has a part in each turn, so that many at once hold up the loop no longer than one. The parts die
 * young, which keeps the pauses of the garbage collector short.
 */
export async function* inTurns<T>(items: Iterable<T>): AsyncGenerator<readonly T[]> {
  let part: T[] = []
  for (const item of items) {
    if (part.length === PART) {
      yield part
      part = []
      await ownTurn()
    }
    part.push(item)
  }
  if (part.length > 0) yield part
}

/** Resolves in a turn of the event loop that is given to no other caller. */
function ownTurn(): Promise<void> {
  last = last.then(() => nextTurn())
  return last
}
