import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { answer } from '../lib/child.js'
import { expect } from '../lib/expect.js'
import type { FloodTokens } from './tokens.js'

/** Holders of good tokens that this server has never seen, all at once. */
export interface NewcomerAnswers {
  /** Opens a connection for each: what 2,000 handshakes cost a server is another matter. */
  readonly connect: undefined
  /** The same burst with tokens that are cached: both sides have seen one then, and have compiled what it takes. */
  readonly rehearse: undefined
  /** Each asks once, all at the same moment. */
  readonly run: Burst
  /** Those who were put off come again, until the server has proven every token. */
  readonly prove: undefined
}

export interface Burst {
  readonly admitted: number
  /** Answered 503 with Retry-After. */
  readonly putOff: number
  readonly others: number
  /** From the first request to the last 503, in ms: how long the server took to read them all. */
  readonly putOffMs: number
  /** From the first request to the last admission. */
  readonly seconds: number
}

/** So many the queue of proofs takes in any case. */
const AT_ONCE = 500

const [url = '', file = ''] = process.argv.slice(2)
const { cached, cold } = JSON.parse(readFileSync(file, 'utf8')) as FloodTokens
const agent = new Agent({ keepAlive: true, maxFreeSockets: cold.length })

answer<NewcomerAnswers>({
  async connect() {
    await Promise.all(cold.map(() => ask('none')))
    return undefined
  },
  async rehearse() {
    await Promise.all(cold.map((_, i) => ask(cached[i % cached.length] ?? '')))
    return undefined
  },
  async run() {
    const start = performance.now()
    const answers = await Promise.all(cold.map(ask))
    const admitted = answers.filter(({ status }) => status === 200)
    const putOff = answers.filter(({ status, retryAfter }) => status === 503 && Number(retryAfter) > 0)
    return {
      admitted: admitted.length,
      putOff: putOff.length,
      others: answers.length - admitted.length - putOff.length,
      putOffMs: Math.max(start, ...putOff.map(({ at }) => at)) - start,
      seconds: (Math.max(...admitted.map(({ at }) => at)) - start) / 1_000,
    }
  },
  async prove() {
    for (let from = 0; from < cold.length; from += AT_ONCE) {
      const answers = await Promise.all(cold.slice(from, from + AT_ONCE).map(ask))
      expect(
        answers.every(({ status }) => status === 200),
        'a token is let in when the queue has room',
      )
    }
    return undefined
  },
})

function ask(token: string): Promise<{ status: number | undefined; retryAfter: string | undefined; at: number }> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
      const { statusCode: status, headers } = response
      response
        .resume()
        .once('end', () => resolve({ status, retryAfter: headers['retry-after'], at: performance.now() }))
    }).once('error', reject)
  })
}
