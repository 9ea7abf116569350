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
    const { row, figure, atLeast = -Infinity, atMost = Infinity, reason } = bound
    const least = atLeast > -Infinity ? `, at least ${atLeast}` : ''
    const limit = `${least}${atMost < Infinity ? `, at most ${atMost}` : ''}`
    const [worst, ...others] = judged(bound, rows)
    if (worst === undefined) return { state: 'skip', text: `skip  ${row}, ${figure}: not measured${limit}` }
    const state = worst.value <= atMost && worst.value >= atLeast ? 'ok' : 'PAST'
    const subject = others.length > 0 ? `${worst.subject} (worst of ${others.length + 1})` : worst.subject
    const value = Number(worst.value.toPrecision(3))
    return { state, text: `${state.padEnd(4)}  ${subject}, ${figure}: ${value}${limit} (${reason})` }
  })
}

/** What is compared with the limit, the worst first. */
function judged({ row, figure, per, less, atLeast }: Bound, rows: readonly Row[]) {
  const matching = rows.filter(({ name }) => (row instanceof RegExp ? row.test(name) : row === name))
  const base = per ?? less
  const other = rows.find(({ name }) => name === base)?.[figure]
  const all = matching.flatMap(({ name, [figure]: own }) => {
    if (typeof own !== 'number') return []
    if (base === undefined) return [{ subject: name, value: own }]
    if (typeof other !== 'number') return []
    return per === undefined
      ? [{ subject: `${name} - ${less}`, value: own - other }]
      : [{ subject: `${name} / ${per}`, value: own / other }]
  })
  return all.sort((a, b) => (atLeast === undefined ? b.value - a.value : a.value - b.value))
}
