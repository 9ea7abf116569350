import { parseArgs } from 'node:util'
import { stop } from './stop.js'

export interface BenchOptions {
  readonly json: boolean
  readonly check: boolean
  /** Names of the rows to run; `undefined` runs all. */
  readonly only: readonly string[] | undefined
}

export function readBenchArguments(rounds: number): BenchOptions & { readonly rounds: number } {
  return readArgumentsWith({ rounds })
}

/** `amounts`: further options that are whole numbers, with their defaults. */
export function readArgumentsWith<const Amounts extends Readonly<Record<string, number>>>(
  amounts: Amounts,
): BenchOptions & { readonly [Name in keyof Amounts]: number } {
  const names = Object.keys(amounts)
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      only: { type: 'string' },
      ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
    },
  })
  const asked: Readonly<Record<string, string | boolean | undefined>> = values
  const numbers = names.map((name) => [name, wholeNumber(name, asked[name] ?? String(amounts[name]))])
  const only = typeof asked.only === 'string' ? asked.only.split(',') : undefined
  return {
    ...(Object.fromEntries(numbers) as { readonly [Name in keyof Amounts]: number }),
    json: asked.json === true,
    check: asked.check === true,
    only,
  }
}

function wholeNumber(name: string, text: string | boolean): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) stop(`--${name} must be a whole number, not ${text}`)
  return number
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
