import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Worker } from 'node:worker_threads'
import { createLatchkey, type TokenStore } from '@latchkey/core'
import { latchkeyExpress } from '@latchkey/express'
import express from 'express'

/** The most that a client can ask for. */
const LIMIT = 10_000

export interface LargePages {
  /** So many pages, one after another, as a host gets them. */
  list(times: number): Promise<void>
  /** The same as a client gets them over HTTP, with all of their fields. The client has a thread of its own. */
  answer(times: number): Promise<void>
  close(): Promise<void>
}

/** The largest pages of a store, as they are read with its management routes around it. */
export async function largePages(store: TokenStore): Promise<LargePages> {
  const latchkey = createLatchkey({ prefix: 'lk', store })
  const { tokenRoutes } = latchkeyExpress(latchkey)
  const app = express()
  app.use('/tokens', tokenRoutes({ authorize: () => ({ owner: 'bench', scopes: ['*'] }) }))
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const fields =
    '%2Bscopes,%2BlastUsedDate,%2BlastUsedIpAddress,%2BexpirationDate,%2BmodifiedDate,%2BpersonalAccessToken'
  const address = `http://127.0.0.1:${port}/tokens?pageSize=${LIMIT}&fields=${fields}`
  return {
    async list(times) {
      for (let i = 0; i < times; i++) await latchkey.list({ limit: LIMIT })
    },
    async answer(times) {
      const reader = new Worker(new URL('./reader.js', import.meta.url), { workerData: { address, times } })
      await once(reader, 'message')
      await once(reader, 'exit')
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await latchkey.close()
    },
  }
}
