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
  /** The same as each of some clients at once gets them over HTTP, with most of their fields. A client is a thread. */
  answer(times: number, clients: number): Promise<void>
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
  const fields = '+scopes,+lastUsedDate,+lastUsedIpAddress,+expirationDate,+modifiedDate,+personalAccessToken'
  const address = `http://127.0.0.1:${port}/tokens?${new URLSearchParams({ pageSize: String(LIMIT), fields })}`
  return {
    async list(times) {
      for (let i = 0; i < times; i++) await latchkey.list({ limit: LIMIT })
    },
    async answer(times, clients) {
      const file = new URL('./reader.js', import.meta.url)
      const readers = Array.from({ length: clients }, () => new Worker(file, { workerData: { address, times } }))
      await Promise.all(readers.map((reader) => once(reader, 'exit')))
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await latchkey.close()
    },
  }
}
