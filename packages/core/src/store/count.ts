import type { EnvironmentStore, ListFilter } from './token-store.js'

/** How many tokens match. */
export async function countTokens(store: EnvironmentStore, filter: ListFilter = {}): Promise<number> {
  const sort = { by: 'createdAt', direction: 'desc' } as const
  const { totalCount = 0 } = await store.list({ filter, sort, limit: 1, count: true })
  return totalCount
}
