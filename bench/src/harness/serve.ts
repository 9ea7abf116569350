import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Serves on a free port of this machine. Resolves to the URL. The server alone does not keep the process alive. */
export async function serve(listener: RequestListener): Promise<string> {
  // Without deadlines: a client on a busy machine may be late.
  const server = createServer({ keepAliveTimeout: 600_000, headersTimeout: 0, requestTimeout: 0 }, listener)
  // Room for thousands of connections that are opened at once.
  server.unref().listen({ port: 0, host: '127.0.0.1', backlog: 4_096 })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}
