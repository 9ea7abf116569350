import { describe, expect, test } from 'vitest'
import {
  beforeDeadline,
  type ChangeEvent,
  causeCode,
  chunksOf,
  createListeners,
  deadlineIn,
  driverFailure,
  openOnce,
  retryUntil,
  StoreError,
  TimeoutError,
} from '../../src/store.js'

const never = async () => new Promise<never>(() => {})

describe('listeners', () => {
  test('hear of lagging and live only as news, and of lagging when they come later', () => {
    const listeners = createListeners()
    const [first, second]: [ChangeEvent[], ChangeEvent[]] = [[], []]
    listeners.add((event) => first.push(event))
    for (const event of ['live', 'lagging', 'lagging'] as const) listeners.notify(event)
    listeners.add((event) => second.push(event))
    for (const event of ['live', 'live', 'reset', 'reset'] as const) listeners.notify(event)
    expect(first).toEqual(['lagging', 'live', 'reset', 'reset'])
    expect(second).toEqual(['lagging', 'live', 'reset', 'reset'])
  })

  test('a watch that begins after the last one ended starts anew', () => {
    const listeners = createListeners()
    const remove = listeners.add(() => {})
    listeners.notify('lagging')
    remove()
    const events: ChangeEvent[] = []
    listeners.add((event) => events.push(event))
    listeners.notify('lagging')
    expect(events).toEqual(['lagging'])
  })
})

describe('retryUntil', () => {
  test('attempts again while failures may pass, and rejects with the first that may not', async () => {
    const outcomes = [new Error('busy'), new Error('busy'), 7]
    const attempt = async () => {
      const outcome = outcomes.shift()
      if (outcome instanceof Error) throw outcome
      return outcome
    }
    const isBusy = (error: unknown) => error instanceof Error && error.message === 'busy'
    expect(await retryUntil(deadlineIn(10_000), attempt, isBusy)).toBe(7)
    outcomes.push(new Error('busy'), new Error('wrong'), 8)
    await expect(retryUntil(deadlineIn(10_000), attempt, isBusy)).rejects.toThrow('wrong')
    expect(outcomes).toEqual([8])
  })

  test('never attempts again what is closed', async () => {
    let attempts = 0
    const attempt = async () => {
      attempts++
      throw new StoreError('ERR_STORE', 'closed')
    }
    await expect(retryUntil(deadlineIn(10_000), attempt, () => true)).rejects.toThrow('closed')
    expect(attempts).toBe(1)
  })

  test('names the whole time, also when the deadline of an attempt is a moment earlier', async () => {
    await expect(retryUntil(deadlineIn(20), never, () => true)).rejects.toThrow('no answer within 20 ms')
    const attempt = async () => beforeDeadline(deadlineIn(5), never)
    const error = await retryUntil(deadlineIn(10_000), attempt, () => true).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TimeoutError)
    expect((error as Error).message).toBe('no answer within 10000 ms')
  })
})

test('driverFailure keeps the sentence and the code, and nothing of the statement', () => {
  const error = Object.assign(new Error('syntax error\n$argon2id$secret'), { query: '$argon2id$secret' })
  const failure = driverFailure('PostgreSQL', error, '42601')
  expect(failure.code).toBe('ERR_STORE')
  expect(failure.message).toBe('PostgreSQL: syntax error')
  expect(causeCode(failure)).toBe('42601')
  expect(JSON.stringify([failure, failure.cause]) + String((failure.cause as Error).stack)).not.toContain('secret')
  expect(driverFailure('PostgreSQL', failure)).toBe(failure)
  const refused = new AggregateError([new Error('connect ECONNREFUSED 127.0.0.1:1')])
  expect(driverFailure('Redis', refused).message).toBe('Redis: connect ECONNREFUSED 127.0.0.1:1')
  expect(causeCode(driverFailure('Redis', refused))).toBe('CONNECTION')
})

test('openOnce opens once for all callers, and again after a failure', async () => {
  const openings = new Map<string, Promise<number>>()
  let opened = 0
  const open = async () => {
    opened++
    if (opened === 1) throw new Error('down')
    return opened
  }
  const first = await Promise.allSettled([openOnce(openings, 'a', open), openOnce(openings, 'a', open)])
  expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(opened).toBe(1)
  expect(await Promise.all([openOnce(openings, 'a', open), openOnce(openings, 'a', open)])).toEqual([2, 2])
})

test('chunksOf cuts off the rest, and makes nothing of nothing', () => {
  expect([...chunksOf([1, 2, 3, 4, 5], 2)]).toEqual([[1, 2], [3, 4], [5]])
  expect([...chunksOf([], 2)]).toEqual([])
})
