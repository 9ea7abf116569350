import type { TokenUse } from '@latchkey/core/store'
import { TOUCH } from './scripts/touch.js'
import { manageDeadline, type Place, placeOf, type Space, write } from './space.js'
import { parseTokenId, rawId } from './token-id.js'
import { encodeAddress } from './uses.js'

/** Uses in one script call; at 1M tokens a call then blocks Redis for about 1 ms. */
const BATCH = 100
/** Calls on their way at a time, so that reads of others come in between. */
const WINDOW = 8

interface Batch {
  place: Place
  keys: string[]
  args: (string | Buffer)[]
  size: number
}

export async function touch(space: Space, uses: readonly TokenUse[]): Promise<void> {
  space.link.assertOpen()
  const batches = intoBatches(space, uses)
  const deadline = manageDeadline(space)
  for (let i = 0; i < batches.length; i += WINDOW) {
    await Promise.all(
      batches.slice(i, i + WINDOW).map(async ({ place: { keys: shard }, keys, args }) => {
        await write(space, TOUCH, [shard.meta, shard.lock, shard.used, ...keys], args, deadline)
      }),
    )
  }
}

function intoBatches(space: Space, uses: readonly TokenUse[]): Batch[] {
  const batches: Batch[] = []
  const open = new Map<string, Batch>()
  for (const { id, gen, at, ip } of uses) {
    const parsed = parseTokenId(id)
    if (parsed === undefined) continue
    const { prefix, publicPart } = parsed
    const place = placeOf(space, publicPart)
    const group = `${place.shard} ${prefix}`
    let batch = open.get(group)
    if (batch === undefined || batch.size === BATCH) {
      batch = { place, keys: [], args: [`{"p":"${prefix}"`], size: 0 }
      batches.push(batch)
      open.set(group, batch)
    }
    batch.size++
    batch.keys.push(place.keys.document(publicPart), place.keys.uses(publicPart))
    batch.args.push(rawId(publicPart), String(gen), String(at), encodeAddress(ip))
  }
  return batches
}
