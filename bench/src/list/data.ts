import type { TokenRecord } from '@latchkey/core/store'
import { type Random, randomInt, seededRandom, storedSecret, tokenId } from '@latchkey/testkit'

/** The data set is the same in every run: its "now" too. */
export const NOW = Date.UTC(2026, 0, 1)
export const DAY = 86_400_000
const OWNERS = 1_000
const WORDS = ['nightly', 'deploy', 'metrics', 'backup', 'billing', 'import', 'audit', 'staging', 'report', 'mobile']

/** 20 scopes; a token has 1 to 8 of them, so each is held by about 22 %. */
export const SCOPES = ['reports', 'metrics', 'logs', 'events', 'settings'].flatMap((area) =>
  ['read', 'write', 'delete', 'export'].map((verb) => `${area}.${verb}`),
)

/** The owner of this rank: 1 has 13.4 % of all tokens (Zipf, s = 1), 30 has 0.4 %, 900 has 0.015 %. */
export function ownerOf(rank: number): string {
  return `owner-${String(rank).padStart(4, '0')}`
}

/**
 * Tokens as they come: 1,000 owners by Zipf's law, 30 % personal, 60 % used within the last 375 days, 50 % expiring,
 * 30 % modified, created over three years in order.
 */
export function* tokens(count: number): Generator<TokenRecord> {
  const random = seededRandom(20_260_101)
  const zipf = zipfRanks(random)
  const start = NOW - 3 * 365 * DAY
  for (let i = 0; i < count; i++) {
    const createdAt = Math.floor(start + ((NOW - start) * i) / count)
    const used = random() < 0.6 ? Math.floor(NOW - random() ** 2 * 375 * DAY) : undefined
    const ip = `203.0.${randomInt(256, random)}.${randomInt(256, random)}`
    const use = used === undefined ? {} : { lastUsedAt: used, lastUsedIp: ip }
    const record: TokenRecord = {
      id: tokenId('lk', random),
      name: `${WORDS[randomInt(WORDS.length, random)]} ${WORDS[randomInt(WORDS.length, random)]} ${randomInt(count, random)}`,
      owner: ownerOf(zipf()),
      personal: random() < 0.3,
      enabled: random() < 0.95,
      scopes: pick(SCOPES, 1 + randomInt(8, random), random),
      networks: [],
      version: 1,
      createdAt,
      ...use,
      secrets: [storedSecret(use, random)],
      retired: [],
    }
    if (random() < 0.5) record.expiresAt = createdAt + randomInt(1_000, random) * DAY
    if (random() < 0.3) record.modifiedAt = createdAt + randomInt(100 * DAY, random)
    yield record
  }
}

function zipfRanks(random: Random): () => number {
  const sums: number[] = []
  let sum = 0
  for (let rank = 1; rank <= OWNERS; rank++) {
    sum += 1 / rank
    sums.push(sum)
  }
  return () => {
    const wanted = random() * sum
    let [low, high] = [0, OWNERS - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sums[middle] ?? 0) < wanted) low = middle + 1
      else high = middle
    }
    return low + 1
  }
}

function pick<T>(items: readonly T[], count: number, random: Random): T[] {
  const rest = [...items]
  return Array.from({ length: count }, () => rest.splice(randomInt(rest.length, random), 1)).flat()
}
