export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2
}

/** The smallest sample that this share of the samples does not exceed; `NaN` if there are none. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/** Of each figure by itself. */
export function medians<Sample extends Readonly<Record<string, number>>>(
  samples: readonly Sample[],
): Record<keyof Sample, number> {
  const figures = Object.keys(samples[0] ?? {})
  return Object.fromEntries(
    figures.map((name) => [name, median(samples.map((sample) => sample[name] ?? Number.NaN))]),
  ) as Record<keyof Sample, number>
}

/** Of times in ms. */
export function percentiles(times: readonly number[]) {
  return { p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99), maxMs: quantile(times, 1) }
}
