import { describe, expect, test } from 'vitest'
import { UnavailableError } from '../../src/index.js'
import { createProofQueue } from '../../src/secret/proof-queue.js'
import { settled } from '../support/outcome.js'

/** A job that runs until it is told how it ended. */
function job<T>() {
  let settle: { resolve(value: T): void; reject(error: Error): void } = { resolve() {}, reject() {} }
  const result = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject }
  })
  const made = {
    runs: 0,
    run() {
      made.runs++
      return result
    },
    resolve: (value: T) => settle.resolve(value),
    reject: (error: Error) => settle.reject(error),
  }
  return made
}

describe('the proof queue', () => {
  test('runs as many jobs at a time as it may, and the others in their order', async () => {
    const queue = createProofQueue({ concurrency: 2, maxWaiting: 10 })
    const jobs = Array.from({ length: 5 }, () => job<number>())
    const results = jobs.map(({ run }, i) => queue.run(`${i}`, run))
    await settled()
    expect(jobs.map(({ runs }) => runs)).toEqual([1, 1, 0, 0, 0])
    expect(queue.stats()).toEqual({ running: 2, waiting: 3, done: 0, refused: 0 })
    jobs[1]?.resolve(1)
    await settled()
    expect(jobs.map(({ runs }) => runs)).toEqual([1, 1, 1, 0, 0])
    expect(queue.stats()).toEqual({ running: 2, waiting: 2, done: 1, refused: 0 })
    for (const [i, each] of jobs.entries()) each.resolve(i)
    expect(await Promise.all(results)).toEqual([0, 1, 2, 3, 4])
    expect(queue.stats()).toEqual({ running: 0, waiting: 0, done: 5, refused: 0 })
  })

  test('never runs more than two at a time by default', async () => {
    const queue = createProofQueue()
    let running = 0
    let most = 0
    const work = async () => {
      most = Math.max(most, ++running)
      await settled()
      running--
    }
    await Promise.all(Array.from({ length: 50 }, (_, i) => queue.run(`${i}`, work)))
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual(2)
    expect(queue.stats()).toMatchObject({ running: 0, waiting: 0, done: 50 })
  })

  test('shares one run among jobs of one key, and begins anew afterwards', async () => {
    const queue = createProofQueue({ concurrency: 1, maxWaiting: 10 })
    const first = job<string>()
    const second = job<string>()
    const both = [queue.run('k', first.run), queue.run('k', second.run)]
    first.resolve('one')
    expect(await Promise.all(both)).toEqual(['one', 'one'])
    expect([first.runs, second.runs]).toEqual([1, 0])
    second.resolve('two')
    expect(await queue.run('k', second.run)).toBe('two')
  })

  test('refuses at once what does not fit, yet lets those in who join a run under way', async () => {
    const queue = createProofQueue({ concurrency: 1, maxWaiting: 2 })
    const jobs = Array.from({ length: 4 }, () => job<number>())
    const [a, b, c, d] = jobs.map(({ run }, i) => queue.run(`${i}`, run))
    await expect(d).rejects.toThrow(UnavailableError)
    await expect(queue.run('5', async () => 5)).rejects.toMatchObject({ code: 'ERR_OVERLOADED', status: 503 })
    expect(jobs[3]?.runs).toBe(0)
    expect(queue.stats()).toEqual({ running: 1, waiting: 2, done: 0, refused: 2 })
    const joined = queue.run('2', async () => -1)
    for (const [i, each] of jobs.entries()) each.resolve(i)
    expect(await Promise.all([a, b, c, joined])).toEqual([0, 1, 2, 2])
    expect(await queue.run('5', async () => 5)).toBe(5)
  })

  test('a job that fails, or throws at once, frees its place and fails for all who share it', async () => {
    const queue = createProofQueue({ concurrency: 1, maxWaiting: 10 })
    const failing = job<number>()
    const shared = [queue.run('k', failing.run), queue.run('k', failing.run)]
    const waiting = queue.run('next', async () => 'ran')
    failing.reject(new Error('broken'))
    for (const each of await Promise.allSettled(shared)) {
      expect(each).toMatchObject({ status: 'rejected', reason: { message: 'broken' } })
    }
    expect(await waiting).toBe('ran')
    await expect(
      queue.run('k', () => {
        throw new Error('at once')
      }),
    ).rejects.toThrow('at once')
    expect(await queue.run('k', async () => 'fine')).toBe('fine')
    expect(queue.stats()).toMatchObject({ running: 0, waiting: 0, refused: 0 })
  })
})
