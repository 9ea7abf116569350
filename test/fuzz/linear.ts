/** How much more ten times the input costs: the fastest of many runs each, and the lowest of a few such comparisons. */
export async function costOfTenfold(grow: (size: number) => () => Promise<void>): Promise<number> {
  const [short, long] = [grow(1), grow(10)]
  let lowest = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < 5 && lowest > 15; attempt++) {
    for (let warmUp = 0; warmUp < 20; warmUp++) await Promise.all([short(), long()])
    lowest = Math.min(lowest, (await fastest(long)) / (await fastest(short)))
  }
  return lowest
}

async function fastest(run: () => Promise<void>): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 100; round++) {
    const begin = performance.now()
    await run()
    best = Math.min(best, performance.now() - begin)
  }
  return best
}
