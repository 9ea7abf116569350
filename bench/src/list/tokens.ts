import type { TokenRecord } from '@latchkey/core/store'
import { type Random, randomInt, randomItem, seededRandom, storedSecret, tokenId } from '@latchkey/testkit'

/** The data set is the same in every run: its "now" too. */
export const NOW = Date.UTC(2026, 0, 1)
export const DAY = 86_400_000
const YEARS = 3
const OWNERS = 1_000
const WORDS = ['nightly', 'deploy', 'metrics', 'backup', 'billing', 'import', 'audit', 'staging', 'report', 'mobile']
const SCOPES = ['reports', 'metrics', 'logs', 'events', 'settings'].flatMap((area) =>
  ['read', 'write', 'delete', 'export'].map((verb) => `${area}.${verb}`),
)

/** The owner of this rank: 1 has 13.4 % of all tokens (Zipf, s = 1), 30 has 0.4 %, 900 has 0.015 %. */
export function ownerOf(rank: number): string {
  return `owner-${String(rank).padStart(4, '0')}`
}

/**
 * Realistic tokens: 1,000 owners by Zipf's law, 30 % personal, 1 to 8 of 20 scopes, 60 % used within the last 375 days,
 * 50 % expiring, 30 % modified, created over three years in order.
 */
export function* tokens(count: number): Generator<TokenRecord> {
  const random = seededRandom(20_260_101)
  const rank = zipfRanks(random)
  const start = NOW - YEARS * 365 * DAY
  for (let i = 0; i < count; i++) {
    const createdAt = Math.floor(start + ((NOW - start) * i) / count)
    const lastUsedIp = `203.0.${randomInt(256, random)}.${randomInt(256, random)}`
    const use = random() < 0.6 ? { lastUsedAt: Math.floor(NOW - random() ** 2 * 375 * DAY), lastUsedIp } : {}
    yield {
      id: tokenId('lk', random),
      name: `${randomItem(WORDS, random)} ${randomItem(WORDS, random)} ${randomInt(count, random)}`,
      owner: ownerOf(rank()),
      personal: random() < 0.3,
      enabled: random() < 0.95,
      scopes: pick(SCOPES, 1 + randomInt(8, random), random),
      networks: [],
      resources: [],
      version: 1,
      createdAt,
      ...use,
      secrets: [storedSecret(use, random)],
      retired: [],
      ...(random() < 0.5 && { expiresAt: createdAt + randomInt(1_000, random) * DAY }),
      ...(random() < 0.3 && { modifiedAt: createdAt + randomInt(100 * DAY, random) }),
    }
  }
}

/** Draws ranks from 1 to `OWNERS`: by the sums of 1 / rank, the first that is not below a random number. */
function zipfRanks(random: Random): () => number {
  let sum = 0
  const sums = Array.from({ length: OWNERS }, (_, i) => {
    sum += 1 / (i + 1)
    return sum
  })
  return () => {
    const wanted = random() * sum
    return sums.findIndex((each) => each >= wanted) + 1
  }
}

function pick<T>(items: readonly T[], count: number, random: Random): T[] {
  const rest = [...items]
  return Array.from({ length: count }, () => rest.splice(randomInt(rest.length, random), 1)).flat()
}
