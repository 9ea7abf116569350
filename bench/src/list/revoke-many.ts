import { createLatchkey } from '@latchkey/core'
import type { TokenRecord } from '@latchkey/core/store'
import { tokenId } from '@latchkey/testkit'
import { inLanes } from '../harness/rounds.js'
import { FAST_HASHER } from '../harness/tokens.js'
import type { Subject } from './measure.js'
import { tokens } from './tokens.js'

const COUNT = 10_000
const OWNER = 'leaver'
const AT_ONCE = 64

/** The revocation of 10,000 tokens of one owner among all others. */
export async function revokeMany({ store, environment, meter }: Subject): Promise<void> {
  await inLanes(AT_ONCE, tokens(COUNT), (record: TokenRecord) =>
    environment.insert({ ...record, id: tokenId(), owner: OWNER }),
  )
  const latchkey = createLatchkey({ store, hasher: FAST_HASHER })
  await meter.once(`revokeAll of ${COUNT.toLocaleString('en')}`, async () => {
    const before = process.memoryUsage().heapUsed
    let most = before
    const sample = () => {
      most = Math.max(most, process.memoryUsage().heapUsed)
    }
    const sampling = setInterval(sample, 20)
    const start = performance.now()
    const { revoked } = await latchkey.revokeAll({ owner: OWNER }, { onProgress: sample })
    const seconds = (performance.now() - start) / 1_000
    clearInterval(sampling)
    if (revoked !== COUNT) throw new Error(`revoked ${revoked} of ${COUNT} tokens`)
    return { seconds, heapMb: (most - before) / 2 ** 20 }
  })
  await latchkey.close()
}
