import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import {
  intactRecords,
  type ListPage,
  type ListQuery,
  optionError,
  StoreError,
  storeUnavailable,
} from '@latchkey/core/store'
import { createExitLockState, waitAtExit } from '../shared/exit-lock.js'
import { parseRecord } from '../shared/find-token.js'
import type { Call, CallOf, NumberedCall, Op, Reply, Results, WorkerData } from '../shared/protocol.js'
import type { WorkerSettings } from '../shared/settings.js'

/** The host's side of the worker. Every call rejects with `StoreError`, within its deadline in ms. */
export interface WorkerClient {
  request<O extends Op>(call: CallOf<O>, deadline: number): Promise<Results[O]>
  /** Rejects with the signal's reason once it is aborted. */
  list(env: number, query: ListQuery, deadline: number, signal: AbortSignal | undefined): Promise<ListPage>
  /**
   * Lets the calls in progress be answered, then closes the file and ends the thread; waits for that until the
   * deadline. The last call.
   */
  close(deadline: number): Promise<void>
}

interface Pending {
  resolve(result: Results[Op]): void
  reject(error: unknown): void
  onChunk(lines: Uint8Array): void
  readonly timer: NodeJS.Timeout
  settled(): void
}

/** Starts a worker with the first call, and another one with the first call after one died. */
export function createWorkerClient(path: string, settings: () => WorkerSettings): WorkerClient {
  const file = workerFile()
  const pending = new Map<number, Pending>()
  let worker: Worker | undefined
  let lastNumber = 0

  function runningWorker(): Worker {
    if (worker) return worker
    const started = startWorker(file, settings())
    let cause: unknown
    started.on('message', settle)
    started.on('error', (error) => {
      cause = error
    })
    started.on('exit', () => {
      worker = undefined
      const message = `${path}: the storage thread ended; whether a write was carried out is not known.`
      for (const number of [...pending.keys()]) take(number)?.reject(storeUnavailable(message, cause))
    })
    // Only calls in progress keep the process alive.
    started.unref()
    worker = started
    return started
  }

  function send(
    call: Call,
    deadline: number,
    onChunk = (_lines: Uint8Array): void => {},
    signal?: AbortSignal,
  ): Promise<Results[Op]> {
    signal?.throwIfAborted()
    return new Promise((resolve, reject) => {
      const target = runningWorker()
      const number = ++lastNumber
      target.postMessage({ number, call } satisfies NumberedCall)
      const timer = setTimeout(() => {
        const message = `${path}: no answer within ${deadline} ms; whether a write is carried out is not known.`
        take(number)?.reject(storeUnavailable(message))
      }, deadline)
      const onAbort = () => {
        target.postMessage({ number, call: { op: 'abandon' } } satisfies NumberedCall)
        take(number)?.reject(signal?.reason)
      }
      signal?.addEventListener('abort', onAbort)
      const settled = () => signal?.removeEventListener('abort', onAbort)
      pending.set(number, { resolve, reject, onChunk, timer, settled })
      target.ref()
    })
  }

  function settle(reply: Reply): void {
    const { number } = reply
    if (reply.kind === 'chunk') pending.get(number)?.onChunk(reply.lines)
    else if (reply.kind === 'failed') take(number)?.reject(new StoreError(reply.code, reply.message))
    else take(number)?.resolve(reply.result)
  }

  function take(number: number): Pending | undefined {
    const call = pending.get(number)
    if (!call) return undefined
    pending.delete(number)
    clearTimeout(call.timer)
    call.settled()
    if (pending.size === 0) worker?.unref()
    return call
  }

  return {
    request<O extends Op>(call: CallOf<O>, deadline: number) {
      return send(call, deadline) as Promise<Results[O]>
    },

    async list(env, query, deadline, signal) {
      const chunks: Uint8Array[] = []
      const keep = (lines: Uint8Array) => void chunks.push(lines)
      const end = (await send({ op: 'list', env, query }, deadline, keep, signal)) as Results['list']
      const damaged: StoreError[] = []
      const read = (line: string) => parseRecord(path, line.slice(0, PUBLIC_LENGTH), line.slice(PUBLIC_LENGTH))
      return { records: intactRecords(linesOf(chunks), read, damaged), damaged, ...end }
    },

    async close(deadline) {
      const closing = worker
      if (!closing) return
      const exit = new Promise<void>((resolve) => closing.once('exit', () => resolve()))
      try {
        await send({ op: 'close' }, deadline)
      } catch {
        // The thread died, or is stuck and closes when it can. It is never terminated: see exit-lock.ts.
        return
      }
      closing.ref()
      await exit
    },
  }
}

/**
 * The file that the worker runs. Throws a `TypeError` (`ERR_OPTION`) if it is not there: a bundler puts this module
 * into a file elsewhere, and does not see the worker.
 */
function workerFile(): string {
  // Node 20 runs no TypeScript: this path leads to the built file from `src/host` and from `dist/host`.
  const file = typeof __dirname === 'string' ? join(__dirname, '../../dist/worker/main.js') : ''
  if (existsSync(file)) return file
  const problem = 'does not find the file of its worker. If this program is bundled, keep the package out of the bundle'
  throw optionError('sqliteStore', `${problem}: external: ['@latchkey/store-sqlite']`)
}

function startWorker(file: string, settings: WorkerSettings): Worker {
  const exitLockState = createExitLockState()
  const workerData: WorkerData = { settings, exitLockState }
  // Without the loaders and conditions of the host, which the file does not need.
  const worker = new Worker(file, { workerData, name: 'latchkey-sqlite', execArgv: [] })
  waitAtExit(exitLockState, worker)
  return worker
}

const UTF8 = new TextDecoder()

/** The lines of a page. Each is read when it is asked for, so that a large page never holds up the event loop. */
function* linesOf(chunks: readonly Uint8Array[]): Generator<string> {
  for (const chunk of chunks) yield* UTF8.decode(chunk).split('\n')
}

/** Of the public part of an id. */
const PUBLIC_LENGTH = 24
