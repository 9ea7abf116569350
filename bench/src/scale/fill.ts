import { randomBytes } from 'node:crypto'
import type { EnvironmentStore, TokenRecord } from '@latchkey/core/store'

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Inserts records that nobody holds the token of, straight into the store: hashing a million would take a minute. */
export async function fill(environment: EnvironmentStore, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await environment.insert(recordOf(i))
}

function recordOf(i: number): TokenRecord {
  return {
    id: `lk.${randomText(24)}`,
    name: `Nightly export ${i}`,
    owner: `owner-${i % 1_000}`,
    personal: false,
    enabled: true,
    scopes: ['reports.read'],
    networks: [],
    version: 1,
    createdAt: 1_700_000_000_000 + i,
    secrets: [{ gen: 1, hash: '$nobody$holds$it', tag: '00000000' }],
    retired: [],
  }
}

function randomText(length: number): string {
  let text = ''
  for (const byte of randomBytes(length)) text += LETTERS[byte & 31]
  return text
}
