export interface Distribution {
  readonly count: number
  readonly mean: number
  readonly variance: number
}

/** The slowest samples were interrupted by something else. */
const KEPT = 0.95

/** Of the fastest 95 % of the samples. */
export function distributionOf(samples: readonly number[]): Distribution {
  const kept = [...samples].sort((a, b) => a - b).slice(0, Math.floor(KEPT * samples.length))
  const count = kept.length
  const mean = kept.reduce((sum, value) => sum + value, 0) / count
  const variance = kept.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1)
  return { count, mean, variance }
}

/** Welch's t: by how many standard errors the means differ. */
export function welch(a: Distribution, b: Distribution): number {
  return (b.mean - a.mean) / Math.sqrt(a.variance / a.count + b.variance / b.count)
}
