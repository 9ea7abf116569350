import { once } from 'node:events'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { startChild } from '../harness/child.js'
import { createClient } from '../harness/http.js'
import { quantile } from '../harness/observe.js'
import type { FrameworkName } from '../http/guards.js'
import type { AbuseQuestions } from './server.js'

const ABANDONED = 600
const UNREAD = 150
const ROTATIONS = 1_300
/** How long an attack is watched, in ms. */
const WATCHED = 10_000

export type Attack = 'quiet' | 'abandoned' | 'unread' | 'rotations'

/** What the attacker got, by status. */
type Answers = Record<number, number>

export async function measureAbuse(framework: FrameworkName, attack: Attack) {
  const server = await startChild<AbuseQuestions>(new URL('./server.js', import.meta.url), [framework], ['--expose-gc'])
  try {
    const { url, attacker, neighbour, newcomers } = await server.ask('begin')
    const watched = watchNeighbour(`${url}tokens?pageSize=100`, neighbour)
    const answers: Answers = {}
    const close = await ATTACKS[attack](new URL(url), attacker, answers)
    const firstUseMs = await firstUses(`${url}tokens/self`, newcomers)
    await wait(WATCHED)
    close()
    const seen = await watched.end()
    await wait(WATCHED)
    const { 200: answered200 = 0, 403: answered403 = 0, 409: answered409 = 0, 503: answered503 = 0 } = answers
    const answered = { answered200, answered403, answered409, answered503 }
    return { ...seen, firstUseMs, ...(await server.ask('end')), ...answered }
  } finally {
    await server.stop()
  }
}

type Run = (url: URL, token: string, answers: Answers) => Promise<() => void>

const ATTACKS: Readonly<Record<Attack, Run>> = {
  quiet: async () => () => undefined,
  async abandoned(url, token) {
    const sockets = await openLists(url, token, ABANDONED)
    for (const socket of sockets) socket.destroy()
    return () => undefined
  },
  async unread(url, token) {
    const sockets = await openLists(url, token, UNREAD)
    return () => {
      for (const socket of sockets) socket.destroy()
    }
  },
  async rotations(url, token, answers) {
    const body = '{"previousSecretExpirationDate":"now+1h"}'
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const requests = Array.from({ length: ROTATIONS }, () => {
      const sent = request(new URL('tokens/self/rotate', url), {
        method: 'POST',
        agent: false,
        headers: { ...headers, 'content-length': body.length },
      })
      sent.on('error', () => undefined)
      sent.once('response', (response) => {
        const { statusCode: status = 0 } = response.resume()
        answers[status] = (answers[status] ?? 0) + 1
      })
      sent.write(body.slice(0, -1))
      return sent
    })
    await wait(3_000)
    for (const sent of requests) sent.end(body.slice(-1))
    return () => undefined
  },
}

/** Asks for large lists, and does not read them. */
async function openLists(url: URL, token: string, count: number): Promise<Socket[]> {
  const head = `GET /tokens?pageSize=10000&fields=%2Bscopes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`
  const sockets = Array.from({ length: count }, () => connect(Number(url.port), url.hostname))
  await Promise.all(
    sockets.map(async (socket) => {
      socket.on('error', () => undefined).pause()
      await once(socket, 'connect')
      socket.write(head)
    }),
  )
  await wait(200)
  return sockets
}

/** Asks for a list of 100 again and again, one at a time. */
function watchNeighbour(url: string, token: string) {
  const client = createClient(url)
  const times: number[] = []
  let refused = 0
  let isOver = false
  const running = (async () => {
    while (!isOver) {
      const start = performance.now()
      const { status } = await client.ask(token)
      times.push(performance.now() - start)
      if (status !== 200) refused++
      await wait(10)
    }
  })()
  return {
    async end() {
      isOver = true
      await running
      client.close()
      return {
        neighbourP50Ms: quantile(times, 0.5),
        neighbourP99Ms: quantile(times, 0.99),
        refused,
        lists: times.length,
      }
    },
  }
}

/** The longest of the first uses of tokens that the server has not proven yet, one after another. */
async function firstUses(url: string, tokens: readonly string[]): Promise<number> {
  const client = createClient(url)
  let longest = 0
  for (const token of tokens) {
    const start = performance.now()
    await client.ask(token)
    longest = Math.max(longest, performance.now() - start)
  }
  client.close()
  return longest
}
