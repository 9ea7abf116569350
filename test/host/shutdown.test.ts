// A signal ends the example host soon, cleanly, and with what it knew written.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { startRedis } from '@latchkey/test-servers'
import { expect, onTestFinished, test } from 'vitest'
import { LONG } from '../long.js'
import { FRAMEWORKS, type RunningHost, startHost } from './start-host.js'

const preload = join(import.meta.dirname, 'report-flushes.mjs')

test.each([
  { framework: 'express', signal: 'SIGTERM' },
  { framework: 'koa', signal: 'SIGINT' },
] as const)('$signal ends it on $framework within 2 s, whatever connections are open', async (given) => {
  const host = await startHost(given.framework, 'memory', { preload })
  onTestFinished(async () => void (await host.stop('SIGKILL')))
  const idle = await open(host)
  const answered = idle.read(/\{"metrics".*\}/)
  idle.socket.write(`GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${host.adminToken}\r\n\r\n`)
  expect(await answered).toMatch(/^HTTP\/1.1 200 [\s\S]*\r\nConnection: keep-alive\r\n/)
  // One that never sends the rest of its body.
  const stalled = await open(host)
  stalled.socket.write(`${createHead(host, 100)}{`)

  const end = await host.stop(given.signal)
  expect(end).toEqual({ code: 0, signal: null, took: expect.any(Number) })
  expect(end.took).toBeLessThan(2000)
  expect(host.stderr()).toBe('flushed 1 of default\n')
})

test.each(FRAMEWORKS)('on %s a request under way is finished, and its use is written', async (framework) => {
  const host = await startHost(framework, 'memory', { preload })
  onTestFinished(async () => void (await host.stop('SIGKILL')))
  const body = JSON.stringify({ name: 'late', scopes: ['metrics.read'] })
  const late = await open(host)
  late.socket.write(`${createHead(host, body.length)}${body.slice(0, 5)}`)
  // Answered behind the half request, so the host has seen that too.
  expect((await fetch(`${host.url}/metrics`)).status).toBe(401)

  const stopped = host.stop()
  await refusesConnections(host)
  const answered = late.read(/\{"id".*\}/)
  late.socket.write(body.slice(5))
  expect(await answered).toMatch(/^HTTP\/1.1 201 [\s\S]*"token":"acme\./)
  const end = await stopped
  expect(end.code).toBe(0)
  expect(end.took).toBeLessThan(2000)
  expect(host.stderr()).toBe('flushed 1 of default\n')
})

test('a second signal does not cut the end short', async () => {
  const host = await startHost('express', 'memory', { preload })
  expect((await fetch(`${host.url}/whoami`, { headers: { 'X-API-Key': host.adminToken } })).status).toBe(200)
  const stalled = await open(host)
  stalled.socket.write(`${createHead(host, 100)}{`)
  const stopped = host.stop('SIGINT')
  await refusesConnections(host)
  const [first, second] = await Promise.all([stopped, host.stop('SIGINT')])
  expect([first.code, second.code]).toEqual([0, 0])
  expect(host.stderr()).toBe('flushed 1 of default\n')
})

test.each(LONG ? FRAMEWORKS : FRAMEWORKS.slice(0, 1))(
  'on %s a store that is gone at the end is told in a sentence',
  async (framework) => {
    const redis = await startRedis()
    onTestFinished(redis.stop)
    const host = await startHost(framework, `redis://127.0.0.1:${redis.port}`)
    onTestFinished(async () => void (await host.stop('SIGKILL')))
    const { url, adminToken } = host
    const headers = { 'X-API-Key': adminToken }
    expect((await fetch(`${url}/whoami`, { headers })).status).toBe(200)
    await redis.kill()
    // Answered from the cache: a use that nobody can write any more.
    expect((await fetch(`${url}/whoami`, { headers })).status).toBe(200)
    const end = await host.stop()
    expect(end).toMatchObject({ code: 1, signal: null })
    const told = host
      .stderr()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('redis: '))
    expect(told).toEqual([expect.stringMatching(/^The last uses of some tokens could not be written: .+/)])
  },
)

function createHead({ adminToken }: RunningHost, length: number): string {
  const type = 'Content-Type: application/json'
  return `POST /api/v2/apiTokens HTTP/1.1\r\nHost: x\r\nX-API-Key: ${adminToken}\r\n${type}\r\nContent-Length: ${length}\r\n\r\n`
}

/** A bare connection. `read` waits for text that matches, from now on. */
async function open({ url }: RunningHost): Promise<{ socket: Socket; read(pattern: RegExp): Promise<string> }> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  // The host may cut it at its end.
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return {
    socket,
    async read(pattern) {
      let text = ''
      while (!pattern.test(text)) text += String((await once(socket, 'data'))[0])
      return text
    },
  }
}

async function refusesConnections({ url }: RunningHost): Promise<void> {
  for (;;) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    try {
      await once(socket, 'connect')
      socket.destroy()
    } catch {
      return
    }
  }
}
