import { setImmediate as nextTurn } from 'node:timers/promises'
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { type Connections, openConnections } from './connections.js'
import { type Database, rollback } from './database.js'
import { openEnvironment } from './environment.js'
import { assertSameFile } from './file.js'
import { createFiling } from './filing.js'
import { findToken } from './find.js'
import { type Gate, workBehind } from './gate.js'
import { pageParts } from './page.js'
import { problemOf } from './problem.js'
import {
  type CallOf,
  isLarge,
  type Op,
  type Request,
  type Response,
  type Results,
  type WorkerSettings,
  type Write,
} from './protocol.js'
import { applyGroup, pagesOf } from './write-group.js'

// The thread of all writes, lists and counts: the host's event loop never waits for the file.

/** So many writes at most share a transaction, so that none waits long for the others. */
const GROUP = 256
const UTF8 = new TextEncoder()

interface Waiting<C> {
  number: number
  call: C
}

function serve(port: MessagePort, settings: WorkerSettings, gate: Gate): void {
  const { path } = settings
  const working = workBehind(gate)
  const writes: Waiting<Write>[] = []
  const lists: Waiting<CallOf<'list'>>[] = []
  let connections: Connections | undefined
  let writing = false
  let listing = false
  let closing: number | undefined
  const filing = createFiling(path, settings.busyTimeout, () => connections?.writer, working)

  const reply = (response: Response) => port.postMessage(response)
  const done = (number: number, result: Results[Op]) => reply({ number, kind: 'done', result })
  const failed = (number: number, error: unknown) => {
    const { code, message } = problemOf(error, path)
    reply({ number, kind: 'failed', code, message })
  }

  /** Opened with the first call, and tried again with the next one if that failed. */
  function open(): Connections {
    connections ??= openConnections(settings)
    return connections
  }

  port.on('message', (request: Request) => working(() => take(request)))

  function take({ number, call }: Request): void {
    switch (call.op) {
      case 'open':
        answer(number, () => openEnvironment(open(), call.environment))
        // What another process may have left.
        filing.soon()
        break
      case 'find':
        answer(number, () => findToken(open().writer, call.env, call.id)?.record)
        break
      case 'list':
        lists.push({ number, call })
        if (!listing) void runLists()
        break
      case 'close':
        closing = number
        closeIfIdle()
        break
      default:
        writes.push({ number, call })
        if (!writing) runWrites()
    }
  }

  function answer(number: number, run: () => Results[Op]): void {
    try {
      done(number, run())
    } catch (error) {
      failed(number, error)
    }
  }

  /**
   * Writes what has been sent by now in one transaction. The next is not begun within the same turn of the event loop, but
   * behind a part of each list: a thousand messages may come in one turn.
   */
  function runWrites(): void {
    writing = true
    filing.hold()
    for (let more = receiveMessageOnPort(port); more; more = receiveMessageOnPort(port)) take(more.message as Request)
    writeGroup(writes.splice(0, GROUP))
    filing.ifDue()
    setImmediate(() => working(afterWrites))
  }

  function afterWrites(): void {
    if (writes.length > 0) {
      runWrites()
      return
    }
    writing = false
    filing.soon()
    closeIfIdle()
  }

  function writeGroup(group: readonly Waiting<Write>[]): void {
    try {
      const { writer, identity, checkpointIfDue } = open()
      assertSameFile(path, identity)
      const outcomes = applyGroup(
        writer,
        group.map(({ call }) => call),
      )
      for (const [i, { number }] of group.entries()) {
        const outcome = outcomes[i]
        if (outcome?.ok) done(number, outcome.result)
        else failed(number, outcome?.error)
      }
      filing.note(group.filter(({ call }) => call.op === 'insert').length)
      checkpointIfDue(group.reduce((sum, { call }) => sum + pagesOf(call), 0))
    } catch (error) {
      for (const { number } of group) failed(number, error)
    }
  }

  async function runLists(): Promise<void> {
    listing = true
    for (let list = lists.shift(); list; list = lists.shift()) {
      try {
        const { reader, identity } = working(open)
        assertSameFile(path, identity)
        done(list.number, await sendPage(reader, list))
      } catch (error) {
        failed(list.number, error)
      }
    }
    listing = false
    working(closeIfIdle)
  }

  /** A page of one moment, in parts; writes may run between those of a large one. */
  async function sendPage(db: Database, { number, call }: Waiting<CallOf<'list'>>): Promise<Results['list']> {
    working(() => db.sql('BEGIN DEFERRED').run())
    try {
      const parts = pageParts(db, call.env, call.query)
      for (;;) {
        const part = working(() => parts.next())
        if (part.done) return part.value
        sendPart(number, part.value)
        if (isLarge(call.query.limit)) await nextTurn()
      }
    } finally {
      working(() => rollback(db))
    }
  }

  function sendPart(number: number, text: string): void {
    const json = UTF8.encode(text)
    port.postMessage({ number, kind: 'part', json } satisfies Response, [json.buffer])
  }

  function closeIfIdle(): void {
    if (closing === undefined || writing || listing) return
    answer(closing, () => {
      filing.now()
      filing.hold()
      connections?.close()
      return undefined
    })
    port.close()
  }
}

if (parentPort) {
  const { settings, gate } = workerData as { settings: WorkerSettings; gate: Gate }
  serve(parentPort, settings, gate)
}
