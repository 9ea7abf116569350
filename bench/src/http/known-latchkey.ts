import { createLatchkey, type Latchkey, memoryStore } from '@latchkey/core'
import type { Known } from '../lib/issue.js'

/** An instance with the defaults of every option, whose store knows the token. */
export async function knownLatchkey({ record }: Known, tracked: boolean): Promise<Latchkey> {
  const store = memoryStore()
  await (await store.open('default')).insert(record)
  return createLatchkey({ store, ...(!tracked && { lastUsed: false }) })
}
