import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { answer } from '../lib/child.js'
import type { FloodTokens } from './tokens.js'

/** Holders of cached tokens, who ask 200 times a second, whatever happens to earlier requests. */
export interface HolderAnswers {
  readonly begin: undefined
  readonly end: {
    readonly requests: number
    readonly failed: number
    readonly p50Us: number
    readonly p99Us: number
    /** The longest wait. */
    readonly maxUs: number
    /** How late this process was itself: that much of what it measures is not the server's. In ms. */
    readonly delayP99Ms: number
  }
}

/** One request each so many ms. */
const PERIOD = 5
/** How often the delay is sampled, in ms. It is part of what is recorded. */
const RESOLUTION = 1

const [url = '', file = ''] = process.argv.slice(2)
const { cached } = JSON.parse(readFileSync(file, 'utf8')) as FloodTokens
const agent = new Agent({ keepAlive: true })
const delay = monitorEventLoopDelay({ resolution: RESOLUTION })
let took: number[] = []
let failed = 0
let pending: Promise<void>[] = []
let sent = 0
let timer: NodeJS.Timeout | undefined

answer<HolderAnswers>({
  begin() {
    took = []
    failed = 0
    pending = []
    delay.reset()
    delay.enable()
    const start = performance.now()
    const first = sent
    timer = setInterval(() => {
      // What a late timer left out is sent now.
      while (sent - first < (performance.now() - start) / PERIOD) pending.push(ask(sent++))
    }, PERIOD)
    return undefined
  },
  async end() {
    clearInterval(timer)
    await Promise.all(pending)
    delay.disable()
    took.sort((a, b) => a - b)
    const at = (part: number) => Math.round(1_000 * (took[Math.floor(part * took.length)] ?? Number.NaN))
    const delayP99Ms = Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION)
    const maxUs = Math.round(1_000 * (took.at(-1) ?? Number.NaN))
    return { requests: pending.length, failed, p50Us: at(0.5), p99Us: at(0.99), maxUs, delayP99Ms }
  },
})

function ask(i: number): Promise<void> {
  const headers = { authorization: `Bearer ${cached[i % cached.length]}` }
  const start = performance.now()
  return new Promise((resolve, reject) => {
    get(url, { agent, headers }, (response) => {
      response.resume().once('end', () => {
        took.push(performance.now() - start)
        if (response.statusCode !== 200) failed++
        resolve()
      })
    }).once('error', reject)
  })
}
