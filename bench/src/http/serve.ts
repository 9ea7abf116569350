import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { wrk } from './wrk.js'

/** Serves in this process, under as many requests as it can answer, for so long. How many it answered. */
export async function serveFor(seconds: number, listener: RequestListener, authorization: string): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { requests } = await wrk(`http://127.0.0.1:${port}/`, authorization, seconds)
  server.close()
  server.closeAllConnections()
  return requests
}
