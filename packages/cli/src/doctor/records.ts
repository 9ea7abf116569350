import type { TokenStore } from '@latchkey/core'
import { canCheckHash, counted } from '@latchkey/core/adapter'
import type { Target } from '../target/target.js'
import type { Finding } from './finding.js'

const PAGE_SIZE = 1_000

/** What only the records themselves tell. Reads each of them once, and shows nothing of it. */
export async function* recordFindings({ latchkey, isHosts }: Target, store: TokenStore): AsyncGenerator<Finding> {
  const opened = await store.open(latchkey.environment)
  let uncheckable = 0
  let foreign = 0
  let after: string | undefined
  do {
    const sort = { by: 'createdAt', direction: 'asc' } as const
    const position = after === undefined ? {} : { after }
    const page = await opened.list({ filter: {}, sort, limit: PAGE_SIZE, count: false, ...position })
    for (const { secrets } of page.records) {
      if (secrets.some(({ format }) => format !== undefined)) foreign++
      // Without the host's configuration nobody knows its hashers.
      if (isHosts && !secrets.every(({ hash }) => canCheckHash(latchkey, hash))) uncheckable++
    }
    for (const { message } of page.damaged ?? []) {
      yield { level: 'error', text: message, advice: 'latchkey revoke removes it by its id.' }
    }
    after = page.next
  } while (after !== undefined)
  if (foreign > 0) {
    const advice = 'latchkey rotate gives one a secret of our own.'
    yield { level: 'notice', text: `${counted(foreign, 'token')} came from another system.`, advice }
  }
  if (uncheckable > 0) {
    const advice = 'Add their hasher to acceptHashers, or its key: until then they are refused with 503.'
    yield { level: 'error', text: `No configured hasher can check ${counted(uncheckable, 'token')}.`, advice }
  }
}
