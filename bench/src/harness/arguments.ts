import { parseArgs } from 'node:util'

/** Options of a benchmark, with their defaults: whole numbers, texts and switches. */
export type Defaults = Readonly<Record<string, number | string | boolean>>

export type Values<D extends Defaults> = {
  readonly [Name in keyof D]: D[Name] extends number ? number : D[Name] extends boolean ? boolean : string
}

/** The options that every benchmark has. */
export const COMMON = { json: false, check: false, markdown: '', only: '' } as const

/** Reads the command line. Ends the process with a sentence if it cannot be understood. */
export function readArguments<const D extends Defaults>(defaults: D): Values<D> {
  const known = Object.entries(defaults)
  const options = known.map(([name, value]) => [
    name,
    { type: typeof value === 'boolean' ? ('boolean' as const) : ('string' as const) },
  ])
  try {
    const values: Readonly<Record<string, unknown>> = parseArgs({ options: Object.fromEntries(options) }).values
    const entries = known.map(([name, value]) => {
      const given = values[name]
      return [name, typeof value === 'number' && given !== undefined ? wholeNumber(name, given) : (given ?? value)]
    })
    return Object.fromEntries(entries) as Values<D>
  } catch (error) {
    return stop((error as Error).message)
  }
}

/** The cases that `--only` names, in their own order; all without it. Ends the process if one does not exist. */
export function chooseCases(cases: readonly string[], only: string): readonly string[] {
  if (only === '') return cases
  const wanted = only.split(',')
  const unknown = wanted.find((name) => !cases.includes(name))
  if (unknown !== undefined) stop(`--only: there is no ${unknown}; there are ${cases.join(', ')}`)
  return cases.filter((name) => wanted.includes(name))
}

/** Ends the process with one sentence on stderr. */
export function stop(sentence: string): never {
  process.stderr.write(`latchkey: ${sentence}\n`)
  process.exit(2)
}

function wholeNumber(name: string, text: unknown): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} must be a whole number, not ${text}`)
  return number
}
