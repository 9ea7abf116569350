import { setTimeout as wait } from 'node:timers/promises'
import autocannon, { type Result } from 'autocannon'
import { answer } from '../harness/child.js'
import { createClient } from '../harness/http.js'
import { expect, quantile } from '../harness/observe.js'
import { forgedSecret, forgedToken, idOf } from '../harness/tokens.js'

// One kind of clients of the attacked server, in a process of its own.

/** Of the forgers. */
const CONNECTIONS = 20
/** Holders send one request each so many ms. */
const PERIOD = 5
/** The queue of proofs has room for so many. */
const AT_ONCE = 500

const [role = '', guarded = ''] = process.argv.slice(2)
const { ask } = createClient(guarded)

/** Send requests with forged tokens, no two alike. */
const forgers = () => {
  let sent = 0

  function forged(known: readonly string[]): string {
    const i = sent++
    if (i % 3 === 0) return forgedSecret(idOf(known[i % known.length] ?? ''))
    if (i % 3 === 1) return forgedToken()
    return `${forgedToken().slice(0, i % 80)}!`
  }

  return {
    /** `rate`: so many requests a second, evenly; 0: as many as are answered. `known`: tokens whose ids exist. */
    async run(url: string, known: readonly string[], duration: number, rate = 0) {
      const fire = (options: { connections: number; overallRate?: number }) => {
        const setupRequest = (request: object) => ({
          ...request,
          headers: { authorization: `Bearer ${forged(known)}` },
        })
        return autocannon({ url, duration, ...options, requests: [{ setupRequest }] })
      }
      // A connection sends the requests of a second at once, so the connections start one after another.
      const evenly = async (_: unknown, i: number) => {
        await wait((1_000 / CONNECTIONS) * i)
        return fire({ connections: 1, overallRate: rate / CONNECTIONS })
      }
      const results =
        rate === 0
          ? [await fire({ connections: CONNECTIONS })]
          : await Promise.all(Array.from({ length: CONNECTIONS }, evenly))
      const sum = (count: (result: Result) => number) => results.reduce((total, result) => total + count(result), 0)
      return {
        perSecond: sum((result) => result.requests.total) / duration,
        others: sum((result) => result['2xx'] + result['3xx'] + result['5xx'] + result.errors),
      }
    },
  }
}

/** Holders of cached tokens send 200 requests a second, whether or not earlier ones have been answered. */
const holders = () => {
  let answers: Promise<{ us: number; ok: boolean }>[] = []
  let timer: NodeJS.Timeout | undefined

  async function time(token: string): Promise<{ us: number; ok: boolean }> {
    const start = performance.now()
    const { status, at } = await ask(token)
    return { us: 1_000 * (at - start), ok: status === 200 }
  }

  return {
    begin(tokens: readonly string[]) {
      answers = []
      const next = () => answers.push(time(tokens[answers.length % tokens.length] ?? ''))
      const start = performance.now()
      timer = setInterval(() => {
        // Catches up when the timer was late.
        while (answers.length < (performance.now() - start) / PERIOD) next()
      }, PERIOD)
    },
    async end() {
      clearInterval(timer)
      const all = await Promise.all(answers)
      const times = all.map(({ us }) => us)
      return {
        failed: all.filter(({ ok }) => !ok).length,
        goodP50Us: quantile(times, 0.5),
        goodP99Us: quantile(times, 0.99),
        goodMaxUs: quantile(times, 1),
      }
    },
  }
}

/** Holders of good tokens that this server has never seen. */
const newcomers = () => ({
  /** A burst with cached tokens: it opens a connection for each holder, and warms up both sides. */
  async rehearse(cached: readonly string[], count: number) {
    await Promise.all(Array.from({ length: count }, (_, i) => ask(cached[i % cached.length] ?? '')))
  },
  /** Each asks once, all at the same moment. `seconds`: until the last admission. */
  async burst(cold: readonly string[]) {
    const start = performance.now()
    const answers = await Promise.all(cold.map(ask))
    const admitted = answers.filter(({ status }) => status === 200)
    const refused = answers.filter(({ status, retryAfter }) => status === 503 && Number(retryAfter) > 0)
    return {
      admitted: admitted.length,
      refused: refused.length,
      others: answers.length - admitted.length - refused.length,
      seconds: (Math.max(...admitted.map(({ at }) => at)) - start) / 1_000,
    }
  },
  /** Asks until the server has proven every token. */
  async prove(cold: readonly string[]) {
    for (let from = 0; from < cold.length; from += AT_ONCE) {
      const answers = await Promise.all(cold.slice(from, from + AT_ONCE).map(ask))
      for (const { status } of answers) expect(status === 200, 'a token is admitted when the queue has room')
    }
  },
})

const ROLES = { forgers, holders, newcomers }
export type Clients = { readonly [Role in keyof typeof ROLES]: ReturnType<(typeof ROLES)[Role]> }

answer(ROLES[role as keyof Clients]())
