export interface Percentiles {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** Of times in ms, to a hundredth. */
export function percentiles(times: readonly number[]): Percentiles {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (index: number) => Math.round(100 * (sorted[index] ?? Number.NaN)) / 100
  const share = (part: number) => at(Math.max(0, Math.ceil(sorted.length * part) - 1))
  return { p50Ms: share(0.5), p99Ms: share(0.99), maxMs: at(sorted.length - 1) }
}
