import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { type ListPage, type ListQuery, StoreError, type TokenRecord } from '@latchkey/core'
import { closeAtExit, createGate } from './gate.js'
import type { Call, CallOf, Op, Request, Response, Results, WorkerSettings } from './protocol.js'
import { createShare, readRecord, type Share, type StoredRecord } from './rows.js'

/** The host's side of the worker. Every call rejects with `StoreError`, within its deadline in ms. */
export interface WorkerClient {
  request<O extends Op>(call: CallOf<O>, deadline: number): Promise<Results[O]>
  list(env: number, query: ListQuery, deadline: number): Promise<ListPage>
  /**
   * Lets the calls in progress be answered, then closes the file and ends the thread. If that takes longer than the
   * deadline, it is not waited for. Call it last.
   */
  close(deadline: number): Promise<void>
}

const UTF8 = new TextDecoder()

interface Pending {
  resolve(result: Results[Op]): void
  reject(error: unknown): void
  readonly onPiece: ((json: Uint8Array) => void) | undefined
  readonly timer: NodeJS.Timeout
}

/**
 * Node 20 cannot run TypeScript, so the thread always runs the built file, also when this module runs from its source:
 * `src` and `dist` lie side by side, and this address is right from both.
 */
export function startWorker(settings: WorkerSettings): Worker {
  const file = new URL('../dist/worker.js', import.meta.url)
  // No loaders or conditions of the host: this file needs none.
  const gate = createGate()
  const worker = new Worker(file, { workerData: { settings, gate }, name: 'latchkey-sqlite', execArgv: [] })
  closeAtExit(gate, worker)
  return worker
}

/** Starts a worker with the first call, and another one with the first call after one died. */
export function createWorkerClient(path: string, start: () => Worker): WorkerClient {
  const pending = new Map<number, Pending>()
  let worker: Worker | undefined
  let lastNumber = 0

  function running(): Worker {
    if (worker) return worker
    const started = start()
    let cause: unknown
    started.on('message', settle)
    started.on('error', (error) => {
      cause = error
    })
    started.on('exit', () => {
      worker = undefined
      const message = `${path}: the storage thread ended; whether a write was carried out is not known.`
      for (const number of [...pending.keys()]) take(number)?.reject(new StoreError('ERR_STORE', message, { cause }))
    })
    // Calls in progress alone keep the process alive.
    started.unref()
    worker = started
    return started
  }

  function send(call: Call, deadline: number, onPiece?: (json: Uint8Array) => void): Promise<Results[Op]> {
    return new Promise((resolve, reject) => {
      const target = running()
      const number = ++lastNumber
      target.postMessage({ number, call } satisfies Request)
      const timer = setTimeout(() => {
        const message = `${path}: no answer within ${deadline} ms; whether a write is carried out is not known.`
        take(number)?.reject(new StoreError('ERR_STORE', message))
      }, deadline)
      pending.set(number, { resolve, reject, onPiece, timer })
      target.ref()
    })
  }

  function settle(response: Response): void {
    const { number } = response
    if (response.kind === 'piece') pending.get(number)?.onPiece?.(response.json)
    else if (response.kind === 'failed') take(number)?.reject(new StoreError(response.code, response.message))
    else take(number)?.resolve(response.result)
  }

  function take(number: number): Pending | undefined {
    const call = pending.get(number)
    if (!call) return undefined
    pending.delete(number)
    clearTimeout(call.timer)
    if (pending.size === 0) worker?.unref()
    return call
  }

  return {
    async request<O extends Op>(call: CallOf<O>, deadline: number) {
      return (await send(call, deadline)) as Results[O]
    },

    async list(env, query, deadline) {
      const end = performance.now() + deadline
      // Read only when all have come: two threads that work beside the garbage collector, which has threads of its own,
      // make each of its pauses longer. Until then they lie outside the heap.
      const pieces: Uint8Array[] = []
      const result = await send({ op: 'list', env, query }, deadline, (json) => pieces.push(json))
      const records: TokenRecord[] = []
      const share = createShare()
      for (let json = pieces.shift(); json; json = pieces.shift()) {
        // A large page must not hold up the host's event loop.
        if (records.length > 0) await nextTurn()
        if (performance.now() > end)
          throw new StoreError('ERR_STORE', `${path}: the list took longer than ${deadline} ms.`)
        records.push(...readPiece(path, json, share))
      }
      return { records, ...(result as Results['list']) }
    },

    async close(deadline) {
      const closing = worker
      if (!closing) return
      const exit = new Promise<void>((resolve) => closing.once('exit', () => resolve()))
      try {
        await send({ op: 'close' }, deadline)
      } catch {
        // It died, or is stuck, and then closes when it can. Never `terminate`: libsql aborts the whole process if it is
        // cut off at the wrong moment.
        return
      }
      closing.ref()
      await exit
    },
  }
}

function readPiece(path: string, json: Uint8Array, share: Share): TokenRecord[] {
  try {
    return (JSON.parse(UTF8.decode(json)) as StoredRecord[]).map((stored) => readRecord(stored, share))
  } catch (cause) {
    throw new StoreError('ERR_STORE', `${path}: a stored record cannot be read; restore the file from a backup.`, {
      cause,
    })
  }
}
