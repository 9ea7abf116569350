import { causeCode, type Deadline } from './link.js'
import type { Space } from './space.js'

/** After so many milliseconds without an answer a Cluster is asked for each key alone as well. */
const HEDGE = 60

/**
 * The strings at keys of one shard, in one round trip. While its slot moves between two nodes of a Cluster, several keys
 * at once are refused (TRYAGAIN) and single ones are not, so those are asked for then. Put `meta` last: then what was
 * read before it came from the data set that it names.
 */
export async function readMany(space: Space, keys: readonly string[], deadline: Deadline): Promise<(Buffer | null)[]> {
  const [first = ''] = keys
  const { link } = space
  const singly = async () =>
    Promise.all(keys.map(async (key) => (await link.command(key, ['GET', key], deadline)) as Buffer | null))
  const together = link
    .command(first, ['MGET', ...keys], { ...deadline, handOn: 'TRYAGAIN' })
    .then((values) => values as (Buffer | null)[])
    .catch(async (error: unknown) => {
      if (causeCode(error) !== 'TRYAGAIN') throw error
      return singly()
    })
  // ioredis keeps TRYAGAIN to itself for 1.6 s.
  return link.client.cluster ? hedged(together, singly) : together
}

async function hedged<T>(first: Promise<T>, second: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => void second().then(resolve, () => {}), HEDGE)
    first.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}
