import { parseArgs } from 'node:util'
import { stop } from './stop.js'

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
  if (!Number.isInteger(asked) || asked < 1) stop(`--rounds must be a whole number, not ${values.rounds}`)
  return { json: values.json, check: values.check, only: values.only?.split(','), rounds: asked }
}

/** Those that `only` names, in their own order. Ends the process if it names one that is not there. */
export function choose<T extends { readonly name: string }>(
  all: readonly T[],
  only: readonly string[] | undefined,
): T[] {
  const unknown = only?.find((name) => !all.some((item) => item.name === name))
  if (unknown !== undefined) {
    stop(`--only: there is no row ${unknown}; there are ${all.map(({ name }) => name).join(', ')}`)
  }
  return all.filter(({ name }) => only?.includes(name) ?? true)
}
