import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { compact } from '../src/compact.js'
import { inSlices } from '../src/time-slices.js'
import { countTurns, holdUp } from './support/outcome.js'

describe('compact', () => {
  test('drops the members that are undefined, and keeps every other value', () => {
    const compacted = compact({ a: 0, b: undefined, c: null, d: '', e: false })
    expect(Object.entries(compacted)).toEqual([
      ['a', 0],
      ['c', null],
      ['d', ''],
      ['e', false],
    ])
  })

  test('leaves the object that it is given as it is', () => {
    const members = Object.freeze({ a: 1, b: undefined })
    expect(compact(members)).not.toBe(members)
  })

  test('a member that may be undefined becomes optional', () => {
    const compacted = compact({ id: 'a', ip: undefined as string | undefined })
    expectTypeOf(compacted.id).toEqualTypeOf<string>()
    const withoutUndefined: { id: string; ip?: string } = compacted
    expect(withoutUndefined).toStrictEqual({ id: 'a' })
  })
})

describe('inSlices', () => {
  const numbers = (length: number) => Array.from({ length }, (_, i) => i)

  async function chunksOf<T>(items: Iterable<T>): Promise<(readonly T[])[]> {
    const chunks: (readonly T[])[] = []
    for await (const chunk of inSlices(items)) chunks.push(chunk)
    return chunks
  }

  test.each([
    [0, []],
    [1, [1]],
    [99, [99]],
    [100, [100]],
    [101, [100, 1]],
    [250, [100, 100, 50]],
  ])('%i items come in order, in chunks of a hundred', async (length, sizes) => {
    const chunks = await chunksOf(numbers(length))
    expect(chunks.map((chunk) => chunk.length)).toEqual(sizes)
    expect(chunks.flat()).toEqual(numbers(length))
  })

  test('however many callers there are, each chunk is made in a turn of the event loop of its own', async () => {
    const counter = countTurns()
    const turns: number[] = []
    const walk = async () => {
      for await (const _ of inSlices(numbers(1_000))) {
        turns.push(counter.count())
        holdUp()
      }
    }
    await Promise.all([walk(), walk(), walk(), nextTurn().then(walk)])
    await counter.stop()
    expect(turns).toHaveLength(4 * 10)
    expect(new Set(turns).size).toBe(turns.length)
  })

  test('callers take turns: a short list waits for one chunk of each long one, not for all of them', async () => {
    const order: string[] = []
    const walk = async (name: string, length = 300) => {
      for await (const _ of inSlices(numbers(length))) {
        order.push(name)
        holdUp()
      }
    }
    const names = ['a', 'b', 'c']
    const long = Promise.all(names.map((name) => walk(name)))
    while (order.length < 4) await nextTurn()
    const before = order.length
    await Promise.all([walk('d', 100), long])
    expect(order.slice(0, 4)).toEqual(['a', 'b', 'c', 'a'])
    // Behind one chunk of each: to go before them, it would have to be able to hold them up for ever.
    expect(order.slice(before, before + names.length + 1)).toContain('d')
    expect(order.filter((name) => name !== 'd').join('')).toBe('abcabcabc')
  })

  test('items are read chunk by chunk, an error comes where they end, and a caller that stops early ends them', async () => {
    const state = { asked: 0, ended: false }
    function* items() {
      try {
        for (; state.asked < 150; state.asked++) yield state.asked
        throw new Error('no more')
      } finally {
        state.ended = true
      }
    }
    const chunks = inSlices(items())
    await chunks.next()
    expect(state).toEqual({ asked: 99, ended: false })
    await expect(chunks.next()).rejects.toThrow('no more')
    Object.assign(state, { asked: 0, ended: false })
    for await (const _ of inSlices(items())) break
    expect(state.ended).toBe(true)
    // None of them holds up the next caller.
    expect(await chunksOf(numbers(300))).toHaveLength(3)
  })
})
