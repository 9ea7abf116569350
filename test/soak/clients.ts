import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as later } from 'node:timers/promises'
import { randomItem } from '@latchkey/testkit'
import { monotonic } from './protocol.js'
import { between, type SoakNode, type World, weighted } from './world.js'

// Clients of the HTTP servers that are slow, or leave early.

/** One connection, of which its act may do what it likes. */
interface Client {
  readonly world: World
  readonly node: SoakNode
  readonly socket: Socket
  /** When all clients leave. */
  readonly signal: AbortSignal
}

type Act = (client: Client) => Promise<void>

/** The longest page there is, with its longest field. */
export const LIST = '/tokens?pageSize=10000&fields=%2BadditionalMetadata'
/** Longer than a node waits for a client that reads nothing, in ms. */
const TOO_LONG = 35_000
const SLOW_READ_BYTES = 100

const listAbandoned: Act = async (client) => {
  const { world, socket, signal } = client
  get(client, randomItem(world.clientTokens.readers, world.random), LIST)
  if (world.random() < 0.5) await later(between(0, 300, world.random), undefined, { signal })
  socket.destroy()
}

/** `bytes`: so many are taken every 100 ms. */
const listHeld = (bytes: number): Act => {
  return async (client) => {
    const { world, socket, signal } = client
    get(client, randomItem(world.clientTokens.readers, world.random), LIST)
    const end = monotonic() + (world.random() < 0.02 ? TOO_LONG : between(200, 4_000, world.random))
    while (monotonic() < end) {
      await later(100, undefined, { signal })
      if (bytes > 0) socket.read(bytes)
    }
  }
}

const guardAborted: Act = async (client) => {
  const { world, socket, signal } = client
  get(client, randomItem(world.clientTokens.readers, world.random), '/guarded')
  if (world.random() < 0.5) await later(between(0, 20, world.random), undefined, { signal })
  socket.destroy()
}

const rotationSlow: Act = async (client) => {
  await post(client, `/tokens/${randomItem(client.world.clientTokens.targets, client.world.random)}/rotate`, '{}')
}

const rotationCut: Act = async (client) => {
  const path = `/tokens/${randomItem(client.world.clientTokens.targets, client.world.random)}/rotate`
  await post(client, path, '{"expirationDate":null}', true)
}

const CREATION = '{"name":"slow","scopes":["a.read"]}'

const creationSlow: Act = async (client) => {
  const answer = await post(client, '/tokens', CREATION)
  const id = /"id":"([^"]+)"/.exec(answer)?.[1]
  // Or the store would grow all the time.
  if (id !== undefined) await client.node.process.ask({ do: 'delete', id })
}

const creationCut: Act = async (client) => {
  await post(client, '/tokens', CREATION, true)
}

const ACTS: readonly (readonly [number, readonly [string, Act]])[] = [
  [8, ['guard aborted', guardAborted]],
  [4, ['list abandoned', listAbandoned]],
  [1, ['list unread', listHeld(0)]],
  [1, ['list read slowly', listHeld(SLOW_READ_BYTES)]],
  [3, ['rotation slow', rotationSlow]],
  [2, ['rotation cut', rotationCut]],
  [2, ['creation slow', creationSlow]],
  [2, ['creation cut', creationCut]],
]

/** One connection of any kind. */
export async function clientAny(world: World, node: SoakNode): Promise<void> {
  const { tally, random } = world
  const signal = await node.crowd.enter()
  const [name, act] = weighted(ACTS, random)
  const socket = connect({ host: '127.0.0.1', port: node.process.port })
  // A node that is killed breaks its connections.
  socket.on('error', () => undefined)
  const leave = () => void socket.destroy()
  signal.addEventListener('abort', leave)
  try {
    await once(socket, 'connect', { signal })
    await act({ world, node, socket, signal })
    tally.count('clients', name)
  } catch (error) {
    if (!isBroken(error) && !signal.aborted) throw error
    tally.count('clients', signal.aborted ? 'sent away' : 'not connected')
  } finally {
    signal.removeEventListener('abort', leave)
    socket.destroy()
  }
}

function isBroken(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).syscall === 'string'
}

function get({ socket }: Client, token: string, path: string): void {
  socket.write(`GET ${path} HTTP/1.1\r\n${headers(token)}\r\n`)
}

function headers(token: string): string {
  return `Host: soak\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n`
}

/** Sends a body byte by byte, or only a part of it. Resolves to the whole answer; empty if there is none. */
async function post(client: Client, path: string, body: string, isCut = false): Promise<string> {
  const { world, socket, signal } = client
  const { random, tally, clientTokens } = world
  const type = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`
  socket.write(`POST ${path} HTTP/1.1\r\n${headers(clientTokens.writer)}${type}\r\n`)
  const pause = between(1, 120, random)
  for (const byte of isCut ? body.slice(0, between(0, body.length - 1, random)) : body) {
    await later(pause, undefined, { signal })
    socket.write(byte)
  }
  if (isCut) return ''
  const answer = await readAll(socket)
  const status = /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]
  tally.count('answers', status ?? 'none')
  if (status !== undefined && !EXPECTED.includes(status)) tally.fault({ client: path, answer })
  return answer
}

/** The writer's token and the bodies are always good. 409: two rotations of one token. 503: the store is away. */
const EXPECTED = ['200', '201', '409', '503']

/** Until the connection is closed, however that happens. */
function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    if (socket.closed) resolve(text)
    else socket.once('close', () => resolve(text))
  })
}
