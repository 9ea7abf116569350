import { choose, readBenchArguments } from './lib/arguments.js'
import { checkBounds } from './lib/check.js'
import { startChild } from './lib/child.js'
import { median, rotated } from './lib/median.js'
import { report } from './lib/report.js'
import type { ScaleAnswers } from './scale/measure.js'

/*
 * How the cost of one operation grows with the number of stored tokens, on the memory store. Each size has a process
 * of its own, whose heap is as large as that makes it; the rounds go from one to the next.
 */

const options = readBenchArguments(7)
const program = new URL('./scale/measure.js', import.meta.url)
const QUESTIONS = ['hotNs', 'coldUs', 'createUs', 'listMs'] as const

const sizes = []
for (const { name } of choose(
  ['1000', '10000', '100000', '1000000'].map((count) => ({ name: count })),
  options.only,
)) {
  const child = await startChild<ScaleAnswers>(program, [name], ['--max-old-space-size=8192'])
  await child.ask('fill')
  sizes.push({ name, child, hotNs: [], coldUs: [], createUs: [], listMs: [] } as Size)
}
// The first round compiles: it does not count.
for (let round = -1; round < options.rounds; round++) {
  for (const question of QUESTIONS) {
    for (const size of rotated(sizes, Math.max(0, round))) {
      const figure = await size.child.ask(question)
      if (round >= 0) size[question].push(figure)
    }
  }
}
for (const { child } of sizes) await child.stop()

const rows = sizes.map(({ name, hotNs, coldUs, createUs, listMs }) => ({
  name,
  hotNs: Math.round(median(hotNs)),
  coldUs: tenths(median(coldUs)),
  createUs: tenths(median(createUs)),
  listMs: tenths(median(listMs)),
}))
report('scale', rows, options.json)
if (options.check) checkBounds('scale', rows, options.only)

interface Size extends Record<(typeof QUESTIONS)[number], number[]> {
  readonly name: string
  readonly child: Awaited<ReturnType<typeof startChild<ScaleAnswers>>>
}

function tenths(value: number): number {
  return Math.round(10 * value) / 10
}
