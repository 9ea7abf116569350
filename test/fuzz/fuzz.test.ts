// Never anything but an answer, never in for a stranger. A short run with every test run; `npm run fuzz -- --minutes 10`
// sets LATCHKEY_FUZZ_MINUTES, and goes on with random seeds until the time is over.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CORPUS } from './corpus.js'
import { costOfTenfold } from './linear.js'
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
