/** About a millisecond's work on tokens. */
const PART = 100
/** So long, in ms, new parts are begun in a turn of the event loop: a quarter of what others took of the last, within these. */
const [LEAST, MOST] = [1, 5]

type GoOn = () => void
/** Those who wait for their first part go before those who had one: a small page does not wait for all of large ones. */
const first: GoOn[] = []
const later: GoOn[] = []
/** Until when new parts are begun in this turn. Absent: none has been asked for in it. */
let until: number | undefined
/** When the last part ended. */
let ended = 0
/** Somebody has a part whose end is not known. Before that, or the end of the turn, there is none for others. */
let isGiven = false

/**
 * Goes through many items in parts, and gives the event loop to others in between: all who go through items in this process
 * share the time for parts, and take turns. The parts die young, which keeps the pauses of the garbage collector short.
 */
export async function* inTurns<T>(items: Iterable<T>): AsyncGenerator<readonly T[]> {
  await leave(first)
  let part: T[] = []
  for (const item of items) {
    part.push(item)
    if (part.length < PART) continue
    yield part
    part = []
    isGiven = false
    await leave(later)
  }
  if (part.length > 0) yield part
  isGiven = false
}

/** Resolves when its caller may go on: at once, if nobody waits or has a part, and there is time left in this turn. */
async function leave(queue: GoOn[]): Promise<void> {
  ended = performance.now()
  until ??= beginTurn(ended, LEAST)
  const isFree = ended < until && !isGiven
  await new Promise<void>((resolve) => {
    queue.push(resolve)
    if (isFree) next()
  })
}

function next(): void {
  const goOn = first.shift() ?? later.shift()
  isGiven = goOn !== undefined
  goOn?.()
}

function beginTurn(now: number, budget: number): number {
  setImmediate(endTurn)
  return now + budget
}

function endTurn(): void {
  const now = performance.now()
  const isOver = first.length + later.length === 0
  until = isOver ? undefined : beginTurn(now, Math.min(Math.max((now - ended) / 4, LEAST), MOST))
  next()
}
