// Never anything but an answer, never in for a stranger. A short run with every test run; `npm run fuzz -- --minutes
// 10` sets LATCHKEY_FUZZ_MINUTES, and goes on with random seeds until the time is over.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CORPUS } from './corpus.js'
import { FUZZES } from './properties.js'

const minutes = Number(process.env.LATCHKEY_FUZZ_MINUTES ?? 0)

describe.each(FUZZES)('$name', ({ name, property, feed, grow }) => {
  test('the corpus', async () => {
    for (const text of CORPUS) {
      await feed(text).catch((cause: unknown) => {
        throw new Error(`${name}: ${JSON.stringify(text.slice(0, 100))}`, { cause })
      })
    }
    expect(CORPUS.length).toBeGreaterThan(50)
  })

  if (minutes > 0) {
    test('random inputs, for long', { timeout: 0 }, async () => {
      const end = Date.now() + (minutes * 60_000) / FUZZES.length
      let runs = 0
      while (Date.now() < end) {
        const seed = Math.floor(Math.random() * 2 ** 31)
        const found = await fc.check(property, { seed, numRuns: 500 })
        runs += found.numRuns
        if (found.failed) throw new Error(`After ${runs} inputs, seed ${seed}: ${fc.defaultReportMessage(found)}`)
      }
      process.stdout.write(`${name}: ${runs} inputs, none broke a promise\n`)
      expect(runs).toBeGreaterThan(0)
    })

    test('a ten times longer input costs at most 15 times as much', { timeout: 0 }, async () => {
      const factor = await costOfTenfold(grow)
      process.stdout.write(`${name}: ten times as long costs ${factor.toFixed(1)} times as much\n`)
      expect(factor).toBeLessThanOrEqual(15)
    })
  } else {
    test('random inputs', async () => {
      await fc.assert(property, { numRuns: 300 })
    })
  }
})

/** How much more ten times the input costs: the fastest of many runs each, and the lowest of a few such comparisons. */
async function costOfTenfold(grow: (size: number) => () => Promise<void>): Promise<number> {
  const [short, long] = [grow(1), grow(10)]
  let lowest = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < 5 && lowest > 15; attempt++) {
    for (let warmUp = 0; warmUp < 20; warmUp++) await Promise.all([short(), long()])
    lowest = Math.min(lowest, (await fastest(long)) / (await fastest(short)))
  }
  return lowest
}

async function fastest(run: () => Promise<void>): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 100; round++) {
    const begin = performance.now()
    await run()
    best = Math.min(best, performance.now() - begin)
  }
  return best
}
