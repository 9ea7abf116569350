import { setImmediate as nextTurn } from 'node:timers/promises'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { storeUnavailable } from '@latchkey/core/store'
import { toStoreError } from '../shared/errors.js'
import { createExitLock } from '../shared/exit-lock.js'
import { assertSameFile } from '../shared/file.js'
import { findToken } from '../shared/find-token.js'
import type { CallOf, NumberedCall, Op, Reply, Results, WorkerData, Write } from '../shared/protocol.js'
import { type Connections, openConnections, openEnvironment, retryWhileBusy } from './connections.js'
import { readPage } from './list.js'
import { createQueue, type QueuedCall } from './queue.js'
import { takeBatch, tokensOf, writeBatch } from './write-batch.js'

// The thread of all writes, lists and counts: the host's event loop never waits for the file.

const UTF8 = new TextEncoder()

function serve(port: MessagePort, { settings, exitLockState }: WorkerData): void {
  const { path, busyTimeout } = settings
  const exitLock = createExitLock(exitLockState)
  const writes = createQueue<Write>(writeNextBatch)
  const lists = createQueue<CallOf<'list'>>(sendNextPage)
  /** The number of the list whose page is being read. */
  let reading: number | undefined
  let opening: Promise<Connections> | undefined

  port.on('message', ({ number, call }: NumberedCall) => {
    switch (call.op) {
      case 'open':
        void answer(number, () => open(call))
        break
      case 'ping':
        void answer(number, ping)
        break
      case 'find':
        void answer(number, () => find(call))
        break
      case 'close':
        void answer(number, close).then(() => port.close())
        break
      case 'list':
        lists.push({ number, call })
        break
      case 'abandon':
        lists.drop(number)
        if (reading === number) reading = undefined
        break
      default:
        writes.push({ number, call })
    }
  })

  /** Opens with the first call. If that fails, the next call tries again. */
  function connections(): Promise<Connections> {
    opening ??= openConnections(settings, exitLock).catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }

  async function open(call: CallOf<'open'>): Promise<Results['open']> {
    const { writer, identity } = await connections()
    return { identity, ...(await retryWhileBusy(busyTimeout, () => openEnvironment(writer, call))) }
  }

  async function ping(): Promise<undefined> {
    const { reader, identity } = await connections()
    assertSameFile(path, identity)
    reader.get('SELECT count(*) FROM environment')
    return undefined
  }

  async function find({ env, id }: CallOf<'find'>): Promise<Results['find']> {
    const { writer } = await connections()
    return retryWhileBusy(busyTimeout, () => findToken(writer, env, id)?.record)
  }

  /** The last call. Those before it are answered first. */
  async function close(): Promise<undefined> {
    await Promise.all([writes.idle(), lists.idle()])
    const opened = await opening?.catch(() => undefined)
    opened?.close()
  }

  async function writeNextBatch(waiting: QueuedCall<Write>[]): Promise<void> {
    const batch = takeBatch(waiting)
    try {
      const { writer, identity, checkpointIfDue } = await connections()
      const outcomes = await retryWhileBusy(busyTimeout, () => {
        assertSameFile(path, identity)
        return writeBatch(writer, batch)
      })
      for (const outcome of outcomes) {
        if (outcome.ok) done(outcome.number, outcome.result)
        else failed(outcome.number, outcome.error)
      }
      // Those who wait have been answered, so what it throws reaches nobody.
      checkpointIfDue(batch.reduce((sum, { call }) => sum + tokensOf(call), 0))
    } catch (error) {
      for (const { number } of batch) failed(number, error)
    }
  }

  async function sendNextPage(waiting: QueuedCall<CallOf<'list'>>[]): Promise<void> {
    const [next] = waiting.splice(0, 1)
    if (next) await answer(next.number, () => sendPage(next))
  }

  async function sendPage({ number, call }: QueuedCall<CallOf<'list'>>): Promise<Results['list']> {
    reading = number
    const { reader, identity } = await connections()
    assertSameFile(path, identity)
    const page = readPage(reader, call.env, call.query)
    while (reading === number) {
      const chunk = page.next()
      if (chunk.done) return chunk.value
      const lines = UTF8.encode(chunk.value)
      send({ number, kind: 'chunk', lines }, [lines.buffer])
      await nextTurn()
    }
    // Ends its transaction.
    page.return({})
    throw storeUnavailable('Nobody waits for this page any more.')
  }

  async function answer(number: number, run: () => Promise<Results[Op]>): Promise<void> {
    try {
      done(number, await run())
    } catch (error) {
      failed(number, error)
    }
  }

  function done(number: number, result: Results[Op]): void {
    send({ number, kind: 'done', result })
  }

  function failed(number: number, error: unknown): void {
    const { code, message } = toStoreError(error, path)
    send({ number, kind: 'failed', code: code === 'ERR_CONFLICT' ? code : 'ERR_STORE', message })
  }

  function send(reply: Reply, transferred: ArrayBuffer[] = []): void {
    port.postMessage(reply, transferred)
  }
}

if (parentPort) serve(parentPort, workerData as WorkerData)
