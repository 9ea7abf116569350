import { createLatchkey, type Latchkey } from '@latchkey/core'
import { startChild } from '../harness/child.js'
import { createClient } from '../harness/http.js'
import { FAST_HASHER } from '../harness/tokens.js'
import { connectStore } from '../stores/index.js'
import type { NodeQuestions } from './node.js'

/** Two processes on the same data: A is this one, and writes; B serves HTTP in another. */
export interface Pair {
  readonly a: Latchkey
  /** The status of B's answer to a request with this token. */
  askB(token: string): Promise<number>
  stop(): Promise<void>
}

/** The addresses are those of the data, as each process reaches it. `ttl`: of B's cache, in ms. */
export async function startPair(addressOfA: string, addressOfB: string, ttl: number): Promise<Pair> {
  const store = await connectStore(addressOfA)
  const a = createLatchkey({ store, hasher: FAST_HASHER })
  await a.ready()
  const b = await startChild<NodeQuestions>(new URL('./node.js', import.meta.url), [addressOfB, String(ttl)])
  const client = createClient(await b.ask('url'))
  return {
    a,
    askB: async (token) => (await client.ask(token)).status,
    async stop() {
      client.close()
      await b.stop()
      await a.close()
      await store.close()
    },
  }
}
