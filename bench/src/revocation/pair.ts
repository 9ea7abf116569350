import { Agent, request } from 'node:http'
import { createLatchkey, type Latchkey } from '@latchkey/core'
import { startChild } from '../lib/child.js'
import { connectStore, HASHER, type Where } from './connect.js'
import type { NodeAnswers } from './node.js'

/** Two processes on the same data: A is this one, and writes; B serves HTTP in another. */
export interface Pair {
  readonly a: Latchkey
  /** The status that B answers to a request with this token. */
  askB(token: string): Promise<number>
  stop(): Promise<void>
}

/** `ttl`: of B's cache, in ms. */
export async function startPair(whereA: Where, whereB: Where, ttl: number): Promise<Pair> {
  const store = await connectStore(whereA)
  const a = createLatchkey({ store, hasher: HASHER })
  await a.ready()
  const program = new URL('./node.js', import.meta.url)
  const b = await startChild<NodeAnswers>(program, [JSON.stringify(whereB), String(ttl)])
  const port = await b.ask('port')
  const agent = new Agent({ keepAlive: true })
  return {
    a,
    askB: (token) =>
      new Promise((resolve, reject) => {
        const headers = { Authorization: `Bearer ${token}` }
        request({ agent, port, host: '127.0.0.1', headers }, (response) => {
          response.resume().once('end', () => resolve(response.statusCode ?? 0))
        })
          .once('error', reject)
          .end()
      }),
    async stop() {
      agent.destroy()
      await b.stop()
      await a.close()
      await store.close()
    },
  }
}
