import { choose, readBenchArguments } from './lib/arguments.js'
import { checkBounds } from './lib/check.js'
import { startChild } from './lib/child.js'
import { median } from './lib/median.js'
import { report } from './lib/report.js'
import type { MemoryAnswers } from './memory/measure.js'

/* What one cached token takes, after garbage collection, in a process of its own for each size. */

const options = readBenchArguments(1)
const program = new URL('./memory/measure.js', import.meta.url)

const rows = []
for (const { name } of choose([{ name: '50000' }, { name: '500000' }], options.only)) {
  const figures = []
  for (let round = 0; round < options.rounds; round++) {
    const child = await startChild<MemoryAnswers>(program, [name], ['--expose-gc', '--max-old-space-size=8192'])
    figures.push(await child.ask('measure'))
    await child.stop()
  }
  const heapBytes = Math.round(median(figures.map(({ heap }) => heap)))
  const externalBytes = Math.round(median(figures.map(({ external }) => external)))
  rows.push({ name, bytesPerToken: heapBytes + externalBytes, heapBytes, externalBytes })
}
report('memory', rows, options.json)
if (options.check) checkBounds('memory', rows, options.only)
