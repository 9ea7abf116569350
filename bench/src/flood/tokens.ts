import { readFileSync } from 'node:fs'
import { createLatchkey, memoryStore } from '@latchkey/core'
import type { TokenRecord } from '@latchkey/core/store'
import { readPage } from '@latchkey/testkit'
import { issueMany } from '../harness/tokens.js'

/** So many tokens have been used before an attack begins, and are cached. */
const CACHED = 20
/** So many first uses come at once. */
export const COLD = 2_000

/** What the processes of one run share: the server has the records, the clients the tokens. */
export interface FloodTokens {
  readonly records: readonly TokenRecord[]
  readonly cached: readonly string[]
  readonly cold: readonly string[]
}

/** Takes half a minute: each token has a hash of Argon2id. */
export async function issueTokens(): Promise<FloodTokens> {
  const store = memoryStore()
  const latchkey = createLatchkey({ store })
  const tokens = await issueMany(latchkey, CACHED + COLD)
  const sort = { by: 'createdAt', direction: 'asc' } as const
  const environment = await store.open('default')
  const { records } = await readPage(environment, { filter: {}, sort, limit: 10_000, count: false })
  await latchkey.close()
  return { records, cached: tokens.slice(0, CACHED), cold: tokens.slice(CACHED) }
}

export function readTokens(file: string): FloodTokens {
  return JSON.parse(readFileSync(file, 'utf8')) as FloodTokens
}
