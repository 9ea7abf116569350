import { answer } from '../harness/child.js'
import { createClient } from '../harness/client.js'
import { expect } from '../harness/expect.js'
import { readTokens } from './tokens.js'

// Holders of good tokens that this server has never seen.

/** The queue of proofs has room for so many. */
const AT_ONCE = 500

const [url = '', file = ''] = process.argv.slice(2)
const { cached, cold } = readTokens(file)
const { ask } = createClient(url)

const questions = {
  /** A burst with cached tokens: it opens a connection for each holder, and warms up both sides. */
  async rehearse() {
    await Promise.all(cold.map((_, i) => ask(cached[i % cached.length] ?? '')))
  },
  /** Each asks once, all at the same moment. `seconds`: until the last admission. */
  async burst() {
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
  async prove() {
    for (let from = 0; from < cold.length; from += AT_ONCE) {
      const answers = await Promise.all(cold.slice(from, from + AT_ONCE).map(ask))
      for (const { status } of answers) expect(status === 200, 'a token is admitted when the queue has room')
    }
  },
}
export type NewcomerQuestions = typeof questions
answer(questions)
