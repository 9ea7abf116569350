// A host under load while its Redis is killed and started again, with its data.
import { Agent, request } from 'node:http'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { type RedisServer, startRedis } from '@latchkey/test-servers'
import { testHasher } from '@latchkey/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SpawnedHost, spawnHost } from './start-host.js'

const PER_SECOND = 1_000
/** So many under way at most, so that a machine that is too slow is not asked for more and more. */
const MOST = 64
/** What a busy machine may make of a store that answers: a read that takes too long is 503, and that is right. */
const RARE = 0.05
/** Within so many ms after Redis answers again, the host must know the truth about every token again. */
const RECOVERY = 2_000
/** The load goes on for so long (ms) after that, and until so many requests are answered. */
const BEYOND = 500
const ANSWERS = 3_500

interface Answer {
  readonly kind: string
  readonly sent: number
  readonly arrived: number
  /** 0: none. */
  readonly status: number
}

let redis: RedisServer
let host: SpawnedHost
let url: string
let admin: string
const agent = new Agent({ keepAlive: true, maxSockets: MOST })

beforeAll(async () => {
  redis = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] })
  host = spawnHost(['--store', `redis://127.0.0.1:${redis.port}`, '--port', '0', '--json'])
  const started = JSON.parse((await host.printed(/^.*\n/))[0])
  url = started.url
  admin = started.adminToken
})
afterAll(async () => {
  agent.destroy()
  await host.stop()
  await redis.stop()
})

async function manage(method: string, path: string, body?: object): Promise<Response> {
  const response = await fetch(`${url}/api/v2/apiTokens${path}`, {
    method,
    headers: { Authorization: `Bearer ${admin}`, 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  expect(response.ok).toBe(true)
  return response
}

async function create(more: object = {}): Promise<{ id: string; token: string }> {
  const response = await manage('POST', '', { name: 'load', scopes: ['metrics.read'], ...more })
  return (await response.json()) as { id: string; token: string }
}

async function deleted(): Promise<string> {
  const { id, token } = await create()
  await manage('DELETE', `/${id}`)
  return token
}

/** What was once the token, before it was rotated. */
async function wrongSecret(): Promise<string> {
  const { id, token } = await create()
  await manage('POST', `/${id}/rotate`, {})
  return token
}

/** Well-formed tokens that the host has never seen: only its store can tell. */
async function strangers(count: number): Promise<string[]> {
  const elsewhere = createLatchkey({ prefix: 'acme', store: memoryStore(), hasher: testHasher })
  const made = Array.from({ length: count }, () => elsewhere.create({ name: 'x', owner: 'x', scopes: ['x'] }))
  const tokens = (await Promise.all(made)).map(({ token }) => token)
  await elsewhere.close()
  return tokens
}

function ask(kind: string, token: string): Promise<Answer> {
  const sent = performance.now()
  return new Promise((resolve) => {
    const done = (status: number) => resolve({ kind, sent, arrived: performance.now(), status })
    request(`${url}/metrics`, { agent, headers: { Authorization: `Bearer ${token}` } }, (response) => {
      response.resume().once('end', () => done(response.statusCode ?? 0))
    })
      .once('error', () => done(0))
      .end()
  })
}

interface Load {
  /** So far, in the order of their arrival. */
  readonly answers: readonly Answer[]
  /** Resolves when so many answers have come that this holds. */
  until(holds: (latest: Answer) => boolean): Promise<void>
  stop(): Promise<void>
}

/** So many requests a second, one kind after another, whether they are answered or not. */
function startLoad(kinds: readonly (readonly [name: string, next: () => string])[]): Load {
  const answers: Answer[] = []
  const waiting = new Set<(latest: Answer) => void>()
  const asked: Promise<void>[] = []
  const started = performance.now()
  let missed = 0
  const timer = setInterval(() => {
    const due = ((performance.now() - started) / 1_000) * PER_SECOND - missed
    const possible = Math.min(due, answers.length + MOST)
    missed += due - possible
    while (asked.length < possible) {
      const [name, next] = kinds[asked.length % kinds.length] ?? ['', () => '']
      const answered = ask(name, next()).then((answer) => {
        answers.push(answer)
        for (const tell of waiting) tell(answer)
      })
      asked.push(answered)
    }
  }, 5)
  return {
    answers,
    until: (holds) =>
      new Promise((resolve) => {
        const tell = (latest: Answer) => {
          if (!holds(latest)) return
          waiting.delete(tell)
          resolve()
        }
        waiting.add(tell)
      }),
    async stop() {
      clearInterval(timer)
      await Promise.all(asked)
    },
  }
}

/** Which kinds of tokens were answered with a verdict, and whether 503 was rare. */
function verdicts(answers: readonly Answer[]) {
  const judged = answers.filter(({ status }) => status !== 503)
  const share = 1 - judged.length / answers.length
  return { kinds: new Set(judged.map(({ kind }) => kind)), failures: share < RARE ? 'rare' : share }
}

test('a host under 1,000 requests a second answers each rightly or with 503 while Redis restarts, and recovers within 2 s', async () => {
  const expiry = Date.now() + 1_500
  const expired = (await create({ expirationDate: new Date(expiry).toISOString() })).token
  const several = <T>(make: () => Promise<T>) => Promise.all(Array.from({ length: 4 }, () => make()))
  const good = await several(create)
  const doomed = await create()
  const tokens = {
    good: good.map(({ token }) => token),
    deleted: await several(deleted),
    'wrong secret': await several(wrongSecret),
    expired: [expired],
    stranger: await strangers(1_500),
  }
  await expect.poll(() => Date.now() > expiry, { timeout: 3_000, interval: 10 }).toBe(true)

  const load = startLoad(
    Object.entries(tokens).map(([name, list]) => {
      let i = 0
      return [name, () => list[i++ % list.length] ?? '']
    }),
  )
  const start = performance.now()
  await load.until(({ sent }) => sent > start + 1_000)
  expect((await ask('good', doomed.token)).status).toBe(200)
  await manage('DELETE', `/${doomed.id}`)
  // Acknowledged at the last moment: it must hold all the same.
  tokens.deleted.push(doomed.token)
  const killed = performance.now()
  await redis.kill()
  const down = performance.now()
  let refused = 0
  await load.until(({ status }) => status === 503 && ++refused === 100)
  const restarting = performance.now()
  await redis.restart()
  const back = performance.now()
  await load.until(({ sent }) => sent > back + RECOVERY + BEYOND && load.answers.length >= ANSWERS)
  await load.stop()

  const { answers } = load
  for (const { kind, status } of answers) {
    if (status !== 503) expect({ kind, status }).toEqual({ kind, status: kind === 'good' ? 200 : 401 })
  }
  const kinds = new Set(Object.keys(tokens))
  expect(verdicts(answers.filter(({ arrived }) => arrived < killed))).toEqual({ kinds, failures: 'rare' })
  // What is cached is known all the while; what is not, is 503.
  const outage = answers.filter(({ sent, arrived }) => sent > down && arrived < restarting)
  expect(new Set(outage.filter(({ kind }) => kind === 'stranger').map(({ status }) => status))).toEqual(new Set([503]))
  expect(outage.some(({ status }) => status === 200)).toBe(true)
  expect(verdicts(answers.filter(({ sent }) => sent > back + RECOVERY))).toEqual({ kinds, failures: 'rare' })

  // It writes again too, and what it is told holds.
  const [last] = good
  await manage('DELETE', `/${last?.id}`)
  expect((await ask('deleted', last?.token ?? '')).status).toBe(401)
  expect(host.stderr()).not.toMatch(/unhandled|TypeError/i)
})
