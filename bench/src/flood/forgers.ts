import { setTimeout as wait } from 'node:timers/promises'
import autocannon, { type Result } from 'autocannon'
import { answer } from '../harness/child.js'
import { forgedSecret, forgedToken, idOf } from '../harness/forge.js'
import { readTokens } from './tokens.js'

// Sends requests with forged tokens, no two alike, at a fixed rate; or at rate 0, as many as are answered.

const CONNECTIONS = 20

const [url = '', seconds = '', rate = '', file = ''] = process.argv.slice(2)
const knownIds = readTokens(file).cached.map(idOf)
let sent = 0

const questions = {
  async run() {
    const results = rate === '0' ? [await fire(CONNECTIONS)] : await fireEvenly(Number(rate) / CONNECTIONS)
    const sum = (count: (result: Result) => number) => results.reduce((total, result) => total + count(result), 0)
    return {
      perSecond: sum((result) => result.requests.total) / Number(seconds),
      others: sum((result) => result['2xx'] + result['3xx'] + result['5xx'] + result.errors),
    }
  },
}
export type ForgerQuestions = typeof questions
answer(questions)

/** A connection sends the requests of a second at once, so the connections start one after another. */
function fireEvenly(overallRate: number): Promise<Result[]> {
  return Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, i) => {
      await wait((1_000 / CONNECTIONS) * i)
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
  if (i % 3 === 0) return forgedSecret(knownIds[i % knownIds.length] ?? '')
  if (i % 3 === 1) return forgedToken()
  return `${forgedToken().slice(0, i % 80)}!`
}
