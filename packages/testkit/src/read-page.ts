import type { EnvironmentStore, ListPage, ListQuery, TokenRecord } from '@latchkey/core/store'

/** A page of the store's, whose records have all been read. */
export async function readPage(
  store: Pick<EnvironmentStore, 'list'>,
  query: ListQuery,
): Promise<ListPage & { records: TokenRecord[] }> {
  const page = await store.list(query)
  return { ...page, records: [...page.records] }
}
