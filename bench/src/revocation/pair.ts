import { createLatchkey, type Latchkey } from '@latchkey/core'
import { startChild } from '../harness/child.js'
import { createClient } from '../harness/http.js'
import { FAST_HASHER } from '../harness/tokens.js'
import { connectStore } from '../stores/index.js'
import type { BenchData } from '../stores/store-kind.js'
import type { NodeQuestions } from './node.js'

/** Two processes on the same data: A is this one, and writes; B serves HTTP in another. */
export interface Pair {
  readonly a: Latchkey
  /** The status of B's answer to a request with this token. */
  askB(token: string): Promise<number>
}

/** Runs something with a pair. `addressOfB`: of the data, as B reaches them. `ttl`: of B's cache, in ms. */
export async function withPair<T>(
  data: BenchData,
  addressOfB: string,
  ttl: number,
  run: (pair: Pair) => Promise<T>,
): Promise<T> {
  const store = await connectStore(data.address)
  const a = createLatchkey({ store, hasher: FAST_HASHER })
  await a.ready()
  const b = await startChild<NodeQuestions>(new URL('./node.js', import.meta.url), [addressOfB, String(ttl)])
  const client = createClient(await b.ask('url'))
  try {
    return await run({ a, askB: async (token) => (await client.ask(token)).status })
  } finally {
    client.close()
    await b.stop()
    await a.close()
    await store.close()
  }
}
