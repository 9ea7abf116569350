import { BOUNDS, type Bound } from './bounds.js'

type Rows = readonly Readonly<Record<string, string | number>>[]

/**
 * Judges a run by the recorded bounds, on stderr; past any of them the process will exit with 1. Bounds of what
 * `only` left out are skipped.
 */
export function checkBounds(bench: string, rows: Rows, only: readonly string[] | undefined): void {
  for (const bound of BOUNDS[bench] ?? []) {
    const { row, member, against, reason } = bound
    const names = against === undefined ? [row] : [row, against.row]
    if (only !== undefined && !names.every((name) => only.includes(name) && has(rows, name, member))) continue
    const value = measured(bound, rows)
    const good = value <= (bound.atMost ?? Infinity) && value >= (bound.atLeast ?? -Infinity)
    if (!good) process.exitCode = 1
    const subject = against === undefined ? row : `${row} ${against.by === 'ratio' ? '/' : '-'} ${against.row}`
    const limit = [
      ...(bound.atLeast === undefined ? [] : [`at least ${bound.atLeast}`]),
      ...(bound.atMost === undefined ? [] : [`at most ${bound.atMost}`]),
    ].join(', ')
    process.stderr.write(`${good ? 'ok  ' : 'PAST'} ${subject}, ${member}: ${value.toFixed(2)}, ${limit} (${reason})\n`)
  }
}

function has(rows: Rows, name: string, member: string): boolean {
  return rows.find((row) => row.name === name)?.[member] !== undefined
}

function measured({ row, member, against }: Bound, rows: Rows): number {
  const value = figure(rows, row, member)
  if (against === undefined) return value
  const other = figure(rows, against.row, against.member ?? member)
  return against.by === 'ratio' ? value / other : value - other
}

function figure(rows: Rows, name: string, member: string): number {
  const value = rows.find((row) => row.name === name)?.[member]
  if (typeof value !== 'number') throw new Error(`There is a bound on ${name}, ${member}, which was not measured`)
  return value
}
