import { setImmediate as nextTurn } from 'node:timers/promises'
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { fileArrivals } from './arrivals.js'
import { type Connections, openConnections } from './connections.js'
import { type Database, rollback, transaction } from './database.js'
import { openEnvironment } from './environment.js'
import { assertSameFile } from './file.js'
import { findToken } from './find.js'
import { type Gate, workBehind } from './gate.js'
import { haveArrivals } from './list-arrivals.js'
import { pageParts } from './page.js'
import { isBusy, problemOf } from './problem.js'
import type { CallOf, Op, Request, Response, Results, WorkerSettings, Write } from './protocol.js'
import { applyGroup, pagesOf } from './write-group.js'

// The thread of all writes, lists and counts: the host's event loop never waits for the file.

/** Once so many new tokens have come they are filed: the next write waits for it some milliseconds. */
const ARRIVALS = 32
/** After so long without a write, in ms, fewer are filed too. Should another process write then, it is tried again. */
const QUIET = 20
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
  /** How many new tokens this process has taken in since it last filed, and when it will. */
  let arrived = 0
  let filing: NodeJS.Timeout | undefined
  let warned = false
  let writing = false
  let listing = false
  let closing: number | undefined

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
        fileSoon()
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
    clearTimeout(filing)
    for (let more = receiveMessageOnPort(port); more; more = receiveMessageOnPort(port)) take(more.message as Request)
    writeGroup(writes.splice(0, GROUP))
    if (arrived >= ARRIVALS) fileWaiting()
    setImmediate(() => working(afterWrites))
  }

  function afterWrites(): void {
    if (writes.length > 0) {
      runWrites()
      return
    }
    writing = false
    fileSoon()
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
      arrived += group.filter(({ call }) => call.op === 'insert').length
      for (const [i, { number }] of group.entries()) {
        const outcome = outcomes[i]
        if (outcome?.ok) done(number, outcome.result)
        else failed(number, outcome?.error)
      }
      checkpointIfDue(group.reduce((sum, { call }) => sum + pagesOf(call), 0))
    } catch (error) {
      for (const { number } of group) failed(number, error)
    }
  }

  function fileSoon(): void {
    clearTimeout(filing)
    if (closing === undefined) filing = setTimeout(() => working(fileWaiting), QUIET).unref()
  }

  /** Need not succeed: whoever cannot do without does it again, and says what is wrong. */
  function fileWaiting(): void {
    arrived = 0
    const writer = connections?.writer
    try {
      if (writer && haveArrivals(writer)) fileAtOnce(writer)
    } catch (error) {
      if (isBusy(error)) {
        fileSoon()
        return
      }
      // No token can be changed then: who watches the process should know before somebody must revoke one.
      if (!warned) process.emitWarning(problemOf(error, path))
      warned = true
    }
  }

  /** Never waits for a lock: lists wait for this thread. */
  function fileAtOnce(writer: Database): void {
    writer.pragma('busy_timeout = 0')
    try {
      transaction(writer, 'IMMEDIATE', () => fileArrivals(writer))
    } finally {
      writer.pragma(`busy_timeout = ${settings.busyTimeout}`)
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

  /** A page of one moment, in parts between which writes may run. */
  async function sendPage(db: Database, { number, call }: Waiting<CallOf<'list'>>): Promise<Results['list']> {
    working(() => db.sql('BEGIN DEFERRED').run())
    try {
      const parts = pageParts(db, call.env, call.query)
      for (;;) {
        const part = working(() => parts.next())
        if (part.done) return part.value
        if (part.value === undefined) await nextTurn()
        else sendPart(number, part.value)
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
    clearTimeout(filing)
    answer(closing, () => {
      fileWaiting()
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
