import { type Random, randomInt } from '@latchkey/testkit'

/** A whole number of both bounds and between. */
export function between(least: number, most: number, random: Random): number {
  return least + randomInt(most - least + 1, random)
}

/** One of the items, as often as its weight says. */
export function weighted<T>(items: readonly (readonly [weight: number, item: T])[], random: Random): T {
  let left = random() * items.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, item] of items) {
    left -= weight
    if (left < 0) return item
  }
  throw new RangeError('There is nothing to choose from')
}
