import { decodeDocument, newNonce } from './codec.js'
import { TAIL } from './index-entries.js'
import { parseScore } from './list/row.js'
import { readMany } from './read-many.js'
import { assertMeta, manageDeadline, type Place, placesOf, type Space } from './space.js'
import { parseTokenId, publicPartOf } from './token-id.js'
import { removeStored } from './write.js'

const CHUNK = 100

export async function purge(space: Space, expiredBefore: number): Promise<number> {
  space.link.assertOpen()
  const counts = await Promise.all(placesOf(space).map(async (place) => purgeShard(space, place, expiredBefore)))
  return counts.reduce((sum, count) => sum + count, 0)
}

async function purgeShard(space: Space, place: Place, expiredBefore: number): Promise<number> {
  let total = 0
  for (;;) {
    const { removed, stayed, changed } = await sweep(space, place, expiredBefore)
    total += removed
    // Where some members stayed, those behind them may have moved up past the place that was looked at.
    if (!changed && (removed === 0 || stayed === 0)) return total
  }
}

/** From the earliest expiry on; members whose token is gone, or expires later than they say, stay where they are. */
async function sweep(
  space: Space,
  { keys }: Place,
  expiredBefore: number,
): Promise<{ removed: number; stayed: number; changed: boolean }> {
  let changed = false
  let removed = 0
  let stayed = 0
  for (;;) {
    const deadline = manageDeadline(space)
    const range = ['-inf', `(${expiredBefore}`, 'BYSCORE', 'LIMIT', String(stayed), String(CHUNK)]
    const members = (await space.link.command(keys.expires, ['ZRANGE', keys.expires, ...range], deadline)) as Buffer[]
    const parts = members.map((member) => publicPartOf(member.subarray(-TAIL + 4)))
    const wanted = parts.flatMap((part) => [keys.document(part), keys.uses(part)])
    const values = await readMany(space, [...wanted, keys.meta], deadline)
    assertMeta(space, values.at(-1))
    const left = await Promise.all(
      members.map(async (member, i) => {
        const part = parts[i] ?? ''
        const document = values[2 * i]
        const stored = document ? decodeDocument(part, document, values[2 * i + 1] ?? null) : undefined
        const id = stored && parseTokenId(stored.record.id)
        const { expiresAt = Number.POSITIVE_INFINITY } = stored?.record ?? {}
        if (stored && id && expiresAt < expiredBefore) {
          // A token that was changed meanwhile is looked at again: it may have been renewed.
          const outcome = await removeStored(space, id, stored, newNonce(), deadline)
          if (outcome === 'OK') removed++
          changed ||= outcome === 'CONFLICT'
          return []
        }
        return [member]
      }),
    )
    const doubtful = left.flat()
    if (doubtful.length > 0) {
      // Somebody else may have removed or renewed them by now.
      const scores = (await space.link.command(
        keys.expires,
        ['ZMSCORE', keys.expires, ...doubtful],
        deadline,
      )) as unknown[]
      stayed += scores.filter((score) => score !== null && parseScore(score) < expiredBefore).length
    }
    if (members.length < CHUNK) return { removed, stayed, changed }
  }
}
