import { Agent, get } from 'node:http'

export interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  /** When the answer had arrived, by `performance.now()`. */
  readonly at: number
}

/** Sends GET requests with a token to one URL, over connections that are kept open. */
export interface Client {
  ask(token: string): Promise<Answer>
  close(): void
}

export function createClient(url: string): Client {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 10_000 })
  return {
    ask: (token) =>
      new Promise((resolve, reject) => {
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
