import { writeFileSync } from 'node:fs'
import { COMMON, chooseCases, type Defaults, readArguments, type Values } from './arguments.js'
import { type Bound, judge } from './bounds.js'
import { type Report, type Row, rounded, toJson, toMarkdown, toTable } from './report.js'

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
}

/** Runs a benchmark as the command line says, and prints its rows as a table or as JSON. */
export async function runBenchmark<const D extends Defaults>(benchmark: Benchmark<D>): Promise<void> {
  const options = readArguments({ ...COMMON, ...benchmark.options }) as Values<D> & Values<typeof COMMON>
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
