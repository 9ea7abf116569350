import { readMany } from './read-many.js'
import { assertMeta, type Place, readDeadline, reset, type Space } from './space.js'

/** Documents that one command reads; Redis answers it in about 0.1 ms. */
const MOST = 100

/**
 * Document and uses of a token, whose data set and place in history were checked. Reads of one turn of the event loop go
 * together: what a client spends on a command is several times what the read itself takes.
 */
export async function readPoint(
  space: Space,
  place: Place,
  publicPart: string,
): Promise<[document: Buffer | null, uses: Buffer | null]> {
  const { shard } = place
  let reads = space.pointReads.get(shard)
  if (reads === undefined || reads.publicParts.length === MOST) {
    const publicParts: string[] = []
    reads = { publicParts, answer: send(space, place, publicParts) }
    space.pointReads.set(shard, reads)
  }
  const index = 2 * (reads.publicParts.push(publicPart) - 1)
  const values = await reads.answer
  return [values[index] ?? null, values[index + 1] ?? null]
}

async function send(space: Space, { shard, keys }: Place, publicParts: readonly string[]): Promise<(Buffer | null)[]> {
  const deadline = readDeadline(space)
  await new Promise((resolve) => setImmediate(resolve))
  // From here on it takes no more.
  if (space.pointReads.get(shard)?.publicParts === publicParts) space.pointReads.delete(shard)
  const floor = space.witness.seq(shard)
  const wanted = publicParts.flatMap((part) => [keys.document(part), keys.uses(part)])
  const values = await readMany(space, [...wanted, keys.seq, keys.meta], deadline)
  const [seq = null, meta] = values.slice(-2)
  assertMeta(space, meta)
  if (space.witness.read(shard, Number(seq ?? 0), floor)) reset(space)
  return values
}
