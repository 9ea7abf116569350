import { answer } from '../harness/child.js'
import { createClient } from '../harness/client.js'
import { quantile } from '../harness/statistics.js'
import { readTokens } from './tokens.js'

// Holders of cached tokens, who send 200 requests a second, whether or not earlier ones have been answered.

/** One request each so many ms. */
const PERIOD = 5

const [url = '', file = ''] = process.argv.slice(2)
const { cached } = readTokens(file)
const { ask } = createClient(url)
let answers: Promise<{ us: number; ok: boolean }>[] = []
let timer: NodeJS.Timeout | undefined

const questions = {
  begin() {
    answers = []
    const start = performance.now()
    timer = setInterval(() => {
      // Catches up when the timer was late.
      while (answers.length < (performance.now() - start) / PERIOD) answers.push(askNext())
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
export type HolderQuestions = typeof questions
answer(questions)

async function askNext(): Promise<{ us: number; ok: boolean }> {
  const start = performance.now()
  const { status, at } = await ask(cached[answers.length % cached.length] ?? '')
  return { us: 1_000 * (at - start), ok: status === 200 }
}
