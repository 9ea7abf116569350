import type { Row } from './report.js'

/** What must hold in a run. Ratios rather than times where possible, so that it holds on any machine. */
export interface Bound {
  /** A row; or a pattern, and then the worst of the rows that match. */
  readonly row: string | RegExp
  readonly figure: string
  /** Divides the figure by that of this row. */
  readonly per?: string
  /** Subtracts that of this row from the figure. */
  readonly less?: string
  readonly atMost?: number
  readonly atLeast?: number
  readonly reason: string
}

export interface Outcome {
  /** `skip`: a row or figure that it needs was not measured. */
  readonly state: 'ok' | 'PAST' | 'skip'
  readonly text: string
}

export function judge(bounds: readonly Bound[], rows: readonly Row[]): Outcome[] {
  return bounds.map((bound) => {
    const { row, figure, atLeast, atMost, reason } = bound
    const limit = [
      ...(atLeast === undefined ? [] : [`at least ${atLeast}`]),
      ...(atMost === undefined ? [] : [`at most ${atMost}`]),
    ].join(', ')
    const found = worst(bound, rows)
    if (found === undefined) return { state: 'skip', text: `skip  ${row}, ${figure}: not measured, ${limit}` }
    const state = found.value <= (atMost ?? Infinity) && found.value >= (atLeast ?? -Infinity) ? 'ok' : 'PAST'
    const value = Number(found.value.toPrecision(3))
    return { state, text: `${state.padEnd(4)}  ${found.subject}, ${figure}: ${value}, ${limit} (${reason})` }
  })
}

interface Judged {
  readonly subject: string
  readonly value: number
}

function worst({ row, figure, per, less, atLeast }: Bound, rows: readonly Row[]): Judged | undefined {
  const other = numberOf(
    rows.find(({ name }) => name === (per ?? less)),
    figure,
  )
  const judged: Judged[] = []
  for (const candidate of rows) {
    const own = numberOf(candidate, figure)
    const { name } = candidate
    if (own === undefined || !(row instanceof RegExp ? row.test(name) : row === name)) continue
    if (per === undefined && less === undefined) judged.push({ subject: name, value: own })
    else if (other === undefined) return undefined
    else if (per !== undefined) judged.push({ subject: `${name} / ${per}`, value: own / other })
    else judged.push({ subject: `${name} - ${less}`, value: own - other })
  }
  judged.sort((a, b) => (atLeast === undefined ? b.value - a.value : a.value - b.value))
  const [first] = judged
  return first && judged.length > 1 ? { ...first, subject: `${first.subject} (worst of ${judged.length})` } : first
}

function numberOf(row: Row | undefined, figure: string): number | undefined {
  const value = row?.[figure]
  return typeof value === 'number' ? value : undefined
}
