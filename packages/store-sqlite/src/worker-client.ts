import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { type ListPage, type ListQuery, StoreError } from '@latchkey/core'
import { closeAtExit, createGate } from './gate.js'
import { createPageReader } from './page-reader.js'
import {
  type Call,
  type CallOf,
  isLarge,
  type Op,
  type Request,
  type Response,
  type Results,
  type WorkerSettings,
} from './protocol.js'

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

interface Pending {
  resolve(result: Results[Op]): void
  reject(error: unknown): void
  readonly onPart: ((json: Uint8Array) => void) | undefined
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

  function send(call: Call, deadline: number, onPart?: (json: Uint8Array) => void): Promise<Results[Op]> {
    return new Promise((resolve, reject) => {
      const target = running()
      const number = ++lastNumber
      target.postMessage({ number, call } satisfies Request)
      const timer = setTimeout(() => {
        const message = `${path}: no answer within ${deadline} ms; whether a write is carried out is not known.`
        take(number)?.reject(new StoreError('ERR_STORE', message))
      }, deadline)
      pending.set(number, { resolve, reject, onPart, timer })
      target.ref()
    })
  }

  function settle(response: Response): void {
    const { number } = response
    if (response.kind === 'part') pending.get(number)?.onPart?.(response.json)
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
      const page = createPageReader(path)
      // Of a large page parts are read only when all have come: two threads that work beside the garbage collector, which
      // has threads of its own, make each of its pauses longer. Until then they lie outside the heap.
      const kept: Uint8Array[] = []
      const onPart = isLarge(query.limit) ? (json: Uint8Array) => kept.push(json) : page.read
      const result = (await send({ op: 'list', env, query }, deadline, onPart)) as Results['list']
      for (let json = kept.shift(); json; json = kept.shift()) {
        page.read(json)
        // A large page must not hold up the host's event loop.
        if (kept.length > 0) await nextTurn()
        if (performance.now() > end)
          throw new StoreError('ERR_STORE', `${path}: the list took longer than ${deadline} ms.`)
      }
      return { records: page.records(), ...result }
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
