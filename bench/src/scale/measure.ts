import { createLatchkey, hmacSha256, memoryData, memoryStore } from '@latchkey/core'
import { oneByOne } from '../cold/first-verifications.js'
import { answer } from '../lib/child.js'
import { each } from '../lib/contenders.js'
import { expect } from '../lib/expect.js'
import { issue, issueMany } from '../lib/issue.js'
import { timeRounds } from '../lib/rounds.js'
import { fill } from './fill.js'

/** How long one of each takes where so many tokens are stored. */
export interface ScaleAnswers {
  readonly fill: null
  readonly hotNs: number
  readonly coldUs: number
  readonly createUs: number
  readonly listMs: number
}

const USED = 500
const CREATED = 500
const PAGE = 200

const count = Number(process.argv[2])
const data = memoryData()
const hasher = hmacSha256({ keys: { bench: Buffer.alloc(32, 1) }, current: 'bench' })
const connect = () => createLatchkey({ store: memoryStore(data), hasher, cache: { ttl: 3_600_000 } })
const latchkey = connect()
let tokens: string[] = []

answer<ScaleAnswers>({
  async fill() {
    await fill(await memoryStore(data).open('default'), count - USED)
    tokens = await issueMany(latchkey, USED)
    for (const token of tokens) expect((await latchkey.verify(token)).ok, 'a good token is let in')
    return null
  },
  async hotNs() {
    const [timing] = await timeRounds([each('hot', (token) => latchkey.verifyCached(token)?.ok === true, tokens)], 21)
    return timing?.ns ?? Number.NaN
  },
  async coldUs() {
    const fresh = connect()
    await fresh.ready()
    const us = await oneByOne(fresh, tokens)
    await fresh.close()
    return us
  },
  async createUs() {
    const made: string[] = []
    const start = process.hrtime.bigint()
    for (let i = 0; i < CREATED; i++) made.push(await issue(latchkey))
    const us = Number(process.hrtime.bigint() - start) / 1_000 / CREATED
    for (const token of made) await latchkey.delete(token)
    return us
  },
  async listMs() {
    const start = process.hrtime.bigint()
    const page = await latchkey.list({ limit: PAGE })
    const ms = Number(process.hrtime.bigint() - start) / 1e6
    expect(page.tokens.length === PAGE && page.totalCount === count, 'a page is full, and the total is right')
    return ms
  },
})
