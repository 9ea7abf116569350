import type { Subject } from './measure.js'
import { uses } from './single-tokens.js'

const AT_ONCE = 500
/** The share of the tokens that are touched at each stage. */
const SHARE = 0.02

/**
 * What one touch adds to the server's write-ahead log, in bytes: right after a checkpoint, and later. Then the time of a
 * vacuum. Does nothing for stores whose server has no such log.
 */
export async function writeAheadLog({ data, environment, ids, meter }: Subject): Promise<void> {
  const { logPosition, checkpoint, settle } = data
  if (logPosition === undefined) return
  const count = Math.ceil((SHARE * ids.length) / AT_ONCE) * AT_ONCE
  const logOf = async (round: number) => {
    const before = await logPosition()
    for (let i = 0; i < count; i += AT_ONCE) await environment.touch(uses(ids, AT_ONCE, round * count + i))
    return { logBytes: ((await logPosition()) - before) / count }
  }
  await checkpoint?.()
  await meter.once('touch, after a checkpoint', () => logOf(1_000))
  await meter.once('touch, after more touches', () => logOf(2_000))
  await meter.once('vacuum', async () => {
    const start = performance.now()
    await settle?.()
    return { seconds: (performance.now() - start) / 1_000 }
  })
}
