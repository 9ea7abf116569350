import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { createLatchkey, memoryStore, type TokenStore } from '@latchkey/core'
import { streamBody } from '@latchkey/core/adapter'
import type { ListOptions, ListQuery } from '@latchkey/core/store'
import { testHasher } from '@latchkey/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hostListener } from './host.mjs'
import { FRAMEWORKS } from './scene.js'

const LISTS = 200

/** The store, with the number of pages that it was asked for, and of those that it was to read to the end anyway. */
function counted(store: TokenStore) {
  let pages = 0
  let unstoppable = 0
  return {
    pages: () => pages,
    unstoppable: () => unstoppable,
    close: () => store.close(),
    async open(environment: string) {
      const opened = await store.open(environment)
      return {
        ...opened,
        list(query: ListQuery, options: ListOptions = {}) {
          pages++
          if (options.signal === undefined) unstoppable++
          return opened.list(query, options)
        },
      }
    },
  }
}

async function listening(listener: Parameters<typeof createServer>[1]) {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return { server, port: (server.address() as AddressInfo).port }
}

describe.each([...FRAMEWORKS, 'fastify'] as const)('on %s', (framework) => {
  test('24 lists whose clients leave are not read, and the list of a neighbour goes on', async () => {
    const store = counted(memoryStore())
    const latchkey = createLatchkey({ store, hasher: testHasher, cache: { max: 100 } })
    const scopes = ['apiTokens.read']
    for (let i = 0; i < 1_500; i++) await latchkey.create({ name: `n${i}`, owner: 'ada', scopes })
    const attacker = await latchkey.create({ name: 'attacker', owner: 'mallory', scopes })
    const neighbour = await latchkey.create({ name: 'neighbour', owner: 'nora', scopes })
    const { server, port } = await listening(hostListener(framework, latchkey))
    const before = store.pages()

    let arrived = 0
    const allArrived = new Promise<void>((resolve) => {
      server.on('request', () => {
        if (++arrived === LISTS) resolve()
      })
    })
    const line = `GET /tokens?pageSize=10000 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${attacker.token}\r\n\r\n`
    const sockets = Array.from(
      { length: LISTS },
      (): Socket =>
        connect(port, '127.0.0.1', function (this: Socket) {
          this.write(line)
        }),
    )
    for (const socket of sockets) socket.on('error', () => undefined)
    await allArrived
    const gone = Promise.all(sockets.map((socket) => once(socket, 'close')))
    for (const socket of sockets) socket.destroy()
    await gone

    const url = `http://127.0.0.1:${port}/tokens?pageSize=100`
    const answer = await fetch(url, { headers: { Authorization: `Bearer ${neighbour.token}` } })
    expect(answer.status).toBe(200)
    expect(((await answer.json()) as { apiTokens: unknown[] }).apiTokens).toHaveLength(100)
    expect(store.pages() - before).toBeLessThan(LISTS / 2)
    expect(store.unstoppable()).toBe(0)
    await latchkey.close()
  })
})

test('24 a list whose client leaves right after its request is not read at all', async () => {
  const store = counted(memoryStore())
  const latchkey = createLatchkey({ store, hasher: testHasher, cache: { max: 100 } })
  const { token } = await latchkey.create({ name: 'n', owner: 'mallory', scopes: ['apiTokens.read'] })
  await latchkey.verify(token)
  const { server, port } = await listening(hostListener('express', latchkey))
  const closed = new Promise<void>((resolve) => {
    let count = 0
    server.on('request', (_, response) => {
      response.once('close', () => {
        if (++count === 20) resolve()
      })
    })
  })
  const before = store.pages()
  for (let i = 0; i < 20; i++) {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.end(`GET /tokens HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`)
    socket.destroySoon()
  }
  await closed
  expect(store.pages()).toBe(before)
  await latchkey.close()
})

test('24 an answer that its client does not read is given up, and one that it reads is whole', async () => {
  const body = Buffer.alloc(64 * 1024 * 1024, 'x')
  const released: string[] = []
  const { port } = await listening((request, response) => {
    response.writeHead(200, { 'Content-Length': body.length })
    const release = () => void released.push(request.url ?? '')
    streamBody(body, response, { release }, 200).pipe(response)
  })
  const deaf = connect(port, '127.0.0.1')
  deaf.write('GET /deaf HTTP/1.1\r\nHost: x\r\n\r\n')
  deaf.pause()
  const read = Buffer.from(await (await fetch(`http://127.0.0.1:${port}/reader`)).arrayBuffer())
  expect(read.equals(body)).toBe(true)
  while (released.length < 2) await new Promise((resolve) => setImmediate(resolve))
  expect(released.toSorted((a, b) => a.localeCompare(b))).toEqual(['/deaf', '/reader'])
  deaf.destroy()
})
