import { choose, readBenchArguments } from './lib/arguments.js'
import { checkBounds } from './lib/check.js'
import { startChild } from './lib/child.js'
import { report } from './lib/report.js'
import { timeSlices } from './lib/rounds.js'
import { CONTENDERS } from './verify/contenders.js'
import type { ContenderAnswers } from './verify/process.js'

/*
 * What one verification costs: `floor` is the least possible (see lib/floor.ts), the rows of Latchkey are `verifyCached`
 * (and `verify` in `latchkey-async`), hot unless the name says otherwise. Each contender has a process of its own, as in a
 * host: what the compiler learns from one would slow down another.
 */

const options = readBenchArguments(101)
const program = new URL('./verify/process.js', import.meta.url)
const chosen = choose(
  Object.keys(CONTENDERS).map((name) => ({ name })),
  options.only,
)

const contenders = []
for (const { name } of chosen) contenders.push({ name, child: await startChild<ContenderAnswers>(program, [name]) })
const timings = await timeSlices(
  contenders.map(({ name, child }) => ({ name, time: () => child.ask('time') })),
  options.rounds,
)
await Promise.all(contenders.map(({ child }) => child.stop()))

const least = timings.find(({ name }) => name === 'floor')?.ns
const rows = timings.map(({ name, ns }) => ({
  name,
  ns: Math.round(ns),
  ...(least !== undefined && { ofFloor: Math.round((ns / least) * 100) / 100 }),
}))
report('verify', rows, options.json)
if (options.check) checkBounds('verify', rows, options.only)
