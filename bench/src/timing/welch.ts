export interface Described {
  readonly count: number
  readonly mean: number
  readonly variance: number
}

/** What lies beyond is not the work that is timed, but whatever interrupted it. */
const KEPT = 0.95

/** Of the fastest 95 %. */
export function describe(samples: readonly number[]): Described {
  const kept = [...samples].sort((a, b) => a - b).slice(0, Math.floor(KEPT * samples.length))
  const count = kept.length
  const mean = kept.reduce((sum, value) => sum + value, 0) / count
  const variance = kept.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1)
  return { count, mean, variance }
}

/** Welch's t: by how many standard errors the means differ. */
export function welch(a: Described, b: Described): number {
  return (b.mean - a.mean) / Math.sqrt(a.variance / a.count + b.variance / b.count)
}
