import { Worker } from 'node:worker_threads'
import { type ListPage, type ListQuery, StoreError } from '@latchkey/core/store'
import { closeAtExit, createGate } from './gate.js'
import { readLate, readSoon } from './page-reader.js'
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
  /** A record of the page that cannot be read is noticed here, or when it is asked for if the page is a large one. */
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
    request<O extends Op>(call: CallOf<O>, deadline: number) {
      return send(call, deadline) as Promise<Results[O]>
    },

    async list(env, query, deadline) {
      const page = isLarge(query.limit) ? readLate(path) : readSoon(path)
      const result = (await send({ op: 'list', env, query }, deadline, page.take)) as Results['list']
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
