import { parseArgs } from 'node:util'

export interface BenchOptions {
  readonly json: boolean
  readonly check: boolean
  /** Names of the rows to run; `undefined` runs all. */
  readonly only: readonly string[] | undefined
  readonly rounds: number
}

export function readBenchArguments(rounds: number): BenchOptions {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string', default: String(rounds) },
    },
  })
  const asked = Number(values.rounds)
  if (!Number.isInteger(asked) || asked < 1) throw new Error(`--rounds must be a whole number, not ${values.rounds}`)
  return { json: values.json, check: values.check, only: values.only?.split(','), rounds: asked }
}
