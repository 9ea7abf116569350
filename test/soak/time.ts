/** Milliseconds of a clock that all processes of this machine share and that nobody can set. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** From when to when something took place, by `monotonic`. */
export interface Span {
  readonly from: number
  readonly to: number
}

export function overlaps(a: Span, b: Span): boolean {
  return a.from <= b.to && b.from <= a.to
}
