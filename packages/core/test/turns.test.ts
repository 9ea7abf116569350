import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { inTurns } from '../src/turns.js'
import { countTurns, holdUp } from './support/event-loop.js'

const numbers = (length: number) => Array.from({ length }, (_, i) => i)

async function partsOf<T>(items: Iterable<T>): Promise<(readonly T[])[]> {
  const parts: (readonly T[])[] = []
  for await (const part of inTurns(items)) parts.push(part)
  return parts
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

test('once the time for parts is used up a turn gives none to anybody: each of these comes in a turn of its own', async () => {
  // All turns of the tests before are over: these come at once, into one in which there is time left.
  for (let i = 0; i < 3; i++) await nextTurn()
  const counter = countTurns()
  const turns: number[] = []
  const walk = async () => {
    for await (const _ of inTurns(numbers(1_000))) {
      turns.push(counter.count())
      holdUp()
    }
  }
  await Promise.all([walk(), walk(), walk(), nextTurn().then(walk)])
  await counter.stop()
  expect(turns).toHaveLength(4 * 10)
  expect(new Set(turns).size).toBe(turns.length)
})

test('all have their parts in turn, and who has had none goes first', async () => {
  const given: string[] = []
  const walk = async (name: string) => {
    for await (const _ of inTurns(numbers(300))) {
      given.push(name)
      holdUp()
    }
  }
  const large = Promise.all(['a', 'b', 'c'].map(walk))
  while (given.length < 4) await nextTurn()
  const before = given.length
  await Promise.all([walk('d'), large])
  expect(given.slice(0, 4)).toEqual(['a', 'b', 'c', 'a'])
  expect(given.slice(before, before + 2)).toContain('d')
  expect(given.filter((name) => name !== 'd').join('')).toBe('abcabcabc')
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
  expect(state).toEqual({ asked: 99, ended: false })
  await expect(parts.next()).rejects.toThrow('no more')
  Object.assign(state, { asked: 0, ended: false })
  for await (const _ of inTurns(items())) break
  expect(state.ended).toBe(true)
  // The next to ask is not held up by any of them.
  expect(await partsOf(numbers(300))).toHaveLength(3)
})
