import { choose, readBenchArguments } from './lib/arguments.js'
import { checkBounds } from './lib/check.js'
import { startChild } from './lib/child.js'
import { median, rotated } from './lib/median.js'
import { report } from './lib/report.js'
import { CONTENDERS } from './verify/contenders.js'
import type { ContenderAnswers } from './verify/process.js'

/*
 * What one verification costs: `floor` is the least possible (see lib/floor.ts), the rows of Latchkey are `verifyCached`
 * (and `verify` in `latchkey-async`), hot unless the name says otherwise. Each contender has a process of its own, as in a
 * host: what the compiler learns from one would slow down another.
 */

/** Where a process happens to have its code and its data is worth some percent: each contender has this many, in turn. */
const GENERATIONS = 3

const options = readBenchArguments(99)
const program = new URL('./verify/process.js', import.meta.url)
const chosen = choose(
  Object.keys(CONTENDERS).map((name) => ({ name })),
  options.only,
)

const samples = new Map<string, number[]>(chosen.map(({ name }) => [name, []]))
for (let generation = 0; generation < GENERATIONS; generation++) {
  const contenders = []
  for (const { name } of chosen) contenders.push({ name, child: await startChild<ContenderAnswers>(program, [name]) })
  for (let round = 0; round < Math.ceil(options.rounds / GENERATIONS); round++) {
    for (const { name, child } of rotated(contenders, round)) samples.get(name)?.push(await child.ask('time'))
  }
  await Promise.all(contenders.map(({ child }) => child.stop()))
}

const least = samples.get('floor')
const rows = [...samples].map(([name, taken]) => ({
  name,
  ns: Math.round(median(taken)),
  ...(least !== undefined && { ofFloor: Math.round((median(taken) / median(least)) * 100) / 100 }),
}))
report('verify', rows, options.json)
if (options.check) checkBounds('verify', rows, options.only)
