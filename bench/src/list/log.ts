import type { Subject } from './measure.js'
import { uses } from './single-tokens.js'

const AT_ONCE = 500
/** Whose last uses are written at each stage. */
const SHARE = 0.02

/**
 * Writes of last uses, in bytes of the server's write-ahead log for each token: right after a checkpoint, and after the next
 * ones. Then the time of a vacuum. For stores whose server has such a log.
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
