import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { inTurns } from '../src/turns.js'

const numbers = (length: number) => Array.from({ length }, (_, i) => i)

async function partsOf<T>(items: Iterable<T>): Promise<(readonly T[])[]> {
  const parts: (readonly T[])[] = []
  for await (const part of inTurns(items)) parts.push(part)
  return parts
}

/** Counts the turns of the event loop until it is stopped. */
function countTurns() {
  const counter = { turn: 0, stopped: false, stop: () => Promise.resolve() }
  const counting = (async () => {
    for (; !counter.stopped; counter.turn++) await nextTurn()
  })()
  counter.stop = () => {
    counter.stopped = true
    return counting
  }
  return counter
}

test.each([
  [0, []],
  [1, [1]],
  [99, [99]],
  [100, [100]],
  [101, [100, 1]],
  [250, [100, 100, 50]],
])('%i items come in order, in parts of a hundred', async (length, sizes) => {
  const parts = await partsOf(numbers(length))
  expect(parts.map((part) => part.length)).toEqual(sizes)
  expect(parts.flat()).toEqual(numbers(length))
})

test('between two parts the event loop has a turn, and in each one part at most is given, whoever asks', async () => {
  const counter = countTurns()
  const turns: number[] = []
  const walk = async () => {
    let first = true
    for await (const _ of inTurns(numbers(1_000))) {
      if (!first) turns.push(counter.turn)
      first = false
    }
  }
  await Promise.all([walk(), walk(), walk(), nextTurn().then(walk)])
  await counter.stop()
  expect(turns).toHaveLength(4 * 9)
  expect(new Set(turns).size).toBe(turns.length)
})

test('items are asked for part by part, an error comes where they end, and who stops early ends them', async () => {
  const state = { asked: 0, ended: false }
  function* items() {
    try {
      for (; state.asked < 150; state.asked++) yield state.asked
      throw new Error('no more')
    } finally {
      state.ended = true
    }
  }
  const parts = inTurns(items())
  await parts.next()
  expect(state).toEqual({ asked: 100, ended: false })
  await expect(parts.next()).rejects.toThrow('no more')
  Object.assign(state, { asked: 0, ended: false })
  for await (const _ of inTurns(items())) break
  expect(state.ended).toBe(true)
  // The next to ask is not held up by any of them.
  expect(await partsOf(numbers(300))).toHaveLength(3)
})
