import type { TokenStore } from '@latchkey/core'
import { canCheckHash } from '@latchkey/core/adapter'
import type { Target } from '../target/target.js'
import type { Finding } from './finding.js'

const PAGE_SIZE = 1_000

/** Counts the hashes that no configured hasher can check. Reads every record, and shows nothing of it. */
export async function* hashFindings(
  { latchkey, isHosts }: Target,
  store: TokenStore,
  environment: string,
): AsyncGenerator<Finding> {
  // Without the host's configuration nobody knows its hashers.
  if (!isHosts) return
  const opened = await store.open(environment)
  let unknown = 0
  let after: string | undefined
  do {
    const sort = { by: 'createdAt', direction: 'asc' } as const
    const page = await opened.list({
      filter: {},
      sort,
      limit: PAGE_SIZE,
      count: false,
      ...(after !== undefined && { after }),
    })
    for (const { secrets } of page.records) if (!secrets.every(({ hash }) => canCheckHash(latchkey, hash))) unknown++
    for (const damaged of page.damaged ?? [])
      yield { level: 'error', text: damaged.message, advice: 'Remove it by its id: latchkey revoke.' }
    after = page.next
  } while (after !== undefined)
  if (unknown === 0) return
  const advice = 'Add their hasher to acceptHashers, or its key: until then they are refused with 503.'
  yield { level: 'error', text: `No configured hasher can check ${unknown} tokens.`, advice }
}
