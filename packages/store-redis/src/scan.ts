import { SCAN } from './scripts/operate.js'
import { manageDeadline, type Place, type Space } from './space.js'

/**
 * The distinct ends of all keys of a shard that begin with its base and `kind`, such as `t:`. Looks at every key of the
 * node, in steps of 1,000; keeps all ends in memory.
 */
export async function scanKeys(space: Space, { keys }: Place, kind: string): Promise<string[]> {
  const start = `${keys.base}${kind}`
  const found = new Set<string>()
  let cursor = '0'
  do {
    const reply = await space.link.script(SCAN, [keys.meta], [cursor, `${start}*`], manageDeadline(space))
    const [next, names] = reply as [Buffer, Buffer[]]
    cursor = String(next)
    for (const name of names) found.add(name.toString().slice(start.length))
  } while (cursor !== '0')
  return [...found]
}
