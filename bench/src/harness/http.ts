import { once } from 'node:events'
import { Agent, createServer, get, type RequestListener } from 'node:http'
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

export interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  /** When the answer had arrived, by `performance.now()`. */
  readonly at: number
}

/** Sends GET requests with a token to one URL, over connections that are kept open. */
export function createClient(url: string) {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 10_000 })
  return {
    ask: (token: string) =>
      new Promise<Answer>((resolve, reject) => {
        get(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
          const { statusCode: status = 0, headers } = response
          response
            .resume()
            .once('end', () => resolve({ status, retryAfter: headers['retry-after'], at: performance.now() }))
        }).once('error', reject)
      }),
    close: () => agent.destroy(),
  }
}
