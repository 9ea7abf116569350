import { createLatchkey, memoryStore } from '@latchkey/core'
import type { TokenRecord } from '@latchkey/core/store'
import { readPage } from '@latchkey/testkit'
import { issueMany } from '../lib/issue.js'

/** So many tokens have been used before an attack begins, and are cached. */
const CACHED = 20
/** So many first uses come at once. */
export const COLD = 2_000

/** What the processes of one run know: the servers the records, the clients the tokens. */
export interface FloodTokens {
  readonly records: readonly TokenRecord[]
  readonly cached: readonly string[]
  readonly cold: readonly string[]
}

/** Takes a while: each has a hash of Argon2id. */
export async function issueTokens(): Promise<FloodTokens> {
  const store = memoryStore()
  const latchkey = createLatchkey({ store })
  const tokens: string[] = []
  // As many at once as may wait for a hash.
  while (tokens.length < CACHED + COLD) {
    tokens.push(...(await issueMany(latchkey, Math.min(500, CACHED + COLD - tokens.length))))
  }
  const environment = await store.open('default')
  const { records } = await readPage(environment, {
    filter: {},
    sort: { by: 'createdAt', direction: 'asc' },
    limit: 10_000,
    count: false,
  })
  await latchkey.close()
  return { records, cached: tokens.slice(0, CACHED), cold: tokens.slice(CACHED) }
}
