import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Bound, judge } from './bounds.js'
import { answer } from './child.js'
import { type Report, type Row, rounded, toJson, toMarkdown, toTable } from './report.js'
import type { Contender } from './rounds.js'

/** Options of a benchmark, with their defaults: whole numbers, texts and switches. */
export type Defaults = Readonly<Record<string, number | string | boolean>>

export type Values<D extends Defaults> = {
  readonly [Name in keyof D]: D[Name] extends number ? number : D[Name] extends boolean ? boolean : string
}

export interface Benchmark<D extends Defaults> {
  /** As on the command line. */
  readonly name: string
  /** The heading of its results page. */
  readonly title: string
  /** What is measured and what the columns mean, in Markdown, for the results page. */
  readonly about: string
  /** What `--only` can choose from. */
  readonly cases: readonly string[]
  /** Options besides the common ones, with their defaults. */
  readonly options: D
  /** What must hold in a run with these options. */
  bounds?(options: Values<D>): readonly Bound[]
  measure(options: Values<D> & { readonly cases: readonly string[] }): Promise<readonly Row[]>
  /** Prepares one case in a process of its own, for `measureContenders`. */
  contender?(name: string, options: Values<D>): Promise<Contender>
}

/** The options of every benchmark. `contender`: this process is that of one case, and its parent asks for figures. */
const COMMON = { json: false, check: false, markdown: '', only: '', contender: '' } as const

/** Runs a benchmark as the command line says, and prints its rows as a table or as JSON. */
export async function runBenchmark<const D extends Defaults>(benchmark: Benchmark<D>): Promise<void> {
  const options = readArguments({ ...COMMON, ...benchmark.options }) as Values<D> & Values<typeof COMMON>
  if (benchmark.contender !== undefined && options.contender !== '') {
    return answer({ ...(await benchmark.contender(options.contender, options)) })
  }
  const rows = await benchmark.measure({ ...options, cases: chooseCases(benchmark.cases, options.only) })
  // Without --only every bound is judged: one that is not shows a mistake.
  const outcomes = judge(benchmark.bounds?.(options) ?? [], rows).filter(
    ({ state }) => state !== 'skip' || options.only === '',
  )
  const report: Report = { ...benchmark, rows: rows.map(rounded), outcomes: outcomes.map(({ text }) => text) }
  process.stdout.write(options.json ? toJson(report) : toTable(report))
  if (options.markdown !== '') writeFileSync(options.markdown, toMarkdown(report))
  if (!options.check) return
  process.stderr.write(report.outcomes.map((text) => `${text}\n`).join(''))
  if (outcomes.some(({ state }) => state === 'PAST')) process.exitCode = 1
}

/** Ends the process with one sentence on stderr. */
export function stop(sentence: string): never {
  process.stderr.write(`latchkey: ${sentence}\n`)
  process.exit(2)
}

/** Reads the command line. Ends the process with a sentence if it cannot be understood. */
function readArguments(defaults: Defaults): Defaults {
  const known = Object.entries(defaults)
  const options = known.map(([name, value]) => [name, { type: typeof value === 'boolean' ? 'boolean' : 'string' }])
  try {
    const values: Readonly<Record<string, unknown>> = parseArgs({ options: Object.fromEntries(options) }).values
    return Object.fromEntries(
      known.map(([name, value]) => {
        const given = (values[name] as string | boolean | undefined) ?? value
        return [name, typeof value === 'number' ? wholeNumber(name, given) : given]
      }),
    )
  } catch (error) {
    return stop((error as Error).message)
  }
}

function wholeNumber(name: string, text: unknown): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} must be a whole number, not ${text}`)
  return number
}

/** The cases that `--only` names, in their own order; all without it. Ends the process if one does not exist. */
function chooseCases(cases: readonly string[], only: string): readonly string[] {
  if (only === '') return cases
  const wanted = only.split(',')
  const unknown = wanted.find((name) => !cases.includes(name))
  if (unknown !== undefined) stop(`--only: there is no ${unknown}; there are ${cases.join(', ')}`)
  return cases.filter((name) => wanted.includes(name))
}
