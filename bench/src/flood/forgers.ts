import { readFileSync } from 'node:fs'
import { setTimeout as later } from 'node:timers/promises'
import autocannon, { type Result } from 'autocannon'
import { answer } from '../lib/child.js'
import { forgedSecret, forgedToken, idOf } from '../lib/forge.js'
import type { FloodTokens } from './tokens.js'

/** Sends requests with forged tokens, no two alike, at a fixed rate; or, without a rate, as many as are answered. */
export interface ForgerAnswers {
  readonly run: { readonly perSecond: number; readonly refused: number; readonly others: number }
}

const CONNECTIONS = 20

const [url = '', file = '', seconds = '20', rate] = process.argv.slice(2)
const { cached } = JSON.parse(readFileSync(file, 'utf8')) as FloodTokens
const known = cached.map(idOf)
let sent = 0

answer<ForgerAnswers>({
  async run() {
    const results = rate === undefined ? [await fire(CONNECTIONS)] : await fireEvenly(Number(rate) / CONNECTIONS)
    const sum = (pick: (result: Result) => number) => results.reduce((total, result) => total + pick(result), 0)
    const refused = sum((result) => result['4xx'])
    return {
      perSecond: sum((result) => result.requests.total) / Number(seconds),
      refused,
      others: sum((result) => result['2xx'] + result['3xx'] + result['5xx'] + result.errors),
    }
  },
})

/** Each sends what a second may have in one go: the connections take turns, so that it is a flood and not a tide. */
function fireEvenly(overallRate: number): Promise<Result[]> {
  return Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, i) => {
      await later((1_000 / CONNECTIONS) * i)
      return fire(1, overallRate)
    }),
  )
}

async function fire(connections: number, overallRate?: number): Promise<Result> {
  return autocannon({
    url,
    connections,
    duration: Number(seconds),
    ...(overallRate !== undefined && { overallRate }),
    requests: [{ setupRequest: (request) => ({ ...request, headers: { authorization: `Bearer ${forged()}` } }) }],
  })
}

function forged(): string {
  const i = sent++
  if (i % 3 === 0) return forgedSecret(known[i % known.length] ?? '')
  if (i % 3 === 1) return forgedToken()
  return `${forgedToken().slice(0, i % 80)}!`
}
