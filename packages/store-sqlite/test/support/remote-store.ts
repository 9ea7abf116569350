import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type ChangeEvent, type EnvironmentStore, StoreError, type TokenStore } from '@latchkey/core/store'
import type { SqliteStoreOptions } from '../../src/index.js'

export interface RemoteProcess {
  /** A store that lives in the other process. */
  store(options: SqliteStoreOptions): Promise<TokenStore>
  end(): Promise<void>
}

type Answer =
  | { number: number; result: unknown }
  | { number: number; failure: { code: unknown; message: string } }
  | { watch: string; event: ChangeEvent }
  | { ready: true }

/** Starts another process; its stores run from `dist`, since Node 20 runs no TypeScript. */
export async function startRemote(): Promise<RemoteProcess> {
  const child = fork(new URL('remote-process.mjs', import.meta.url), { serialization: 'advanced', execArgv: [] })
  await once(child, 'message')
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: unknown): void }>()
  const watching = new Map<string, (event: ChangeEvent) => void>()
  let lastNumber = 0

  child.on('message', (answer: Answer) => {
    if ('ready' in answer) return
    if ('watch' in answer) return watching.get(answer.watch)?.(answer.event)
    const call = waiting.get(answer.number)
    waiting.delete(answer.number)
    if ('result' in answer) return call?.resolve(answer.result)
    const code = answer.failure.code === 'ERR_CONFLICT' ? 'ERR_CONFLICT' : 'ERR_STORE'
    call?.reject(new StoreError(code, answer.failure.message))
  })

  function call<T>(name: string, ...args: unknown[]): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      waiting.set(++lastNumber, { resolve, reject })
      child.send({ number: lastNumber, name, args })
    }) as Promise<T>
  }

  return {
    async store(options) {
      const store = await call<number>('createStore', options)
      return {
        async open(environment, options) {
          const opened = await call<Opened>('open', store, environment, options)
          return environmentStore(opened, call, watching)
        },
        close: () => call('close', store),
      }
    },
    end: () => endProcess(child),
  }
}

interface Opened {
  object: number
  dataset: string
  sealingKey: Uint8Array
}

let watches = 0

function environmentStore(
  { object, dataset, sealingKey }: Opened,
  call: <T>(name: string, ...args: unknown[]) => Promise<T>,
  watching: Map<string, (event: ChangeEvent) => void>,
): EnvironmentStore {
  const method = <T>(name: string, ...args: unknown[]) => call<T>('call', object, name, args)
  return {
    dataset,
    sealingKey,
    ping: () => method('ping'),
    insert: (record) => method('insert', record),
    find: (id) => method('find', id),
    update: (id, patch, expectedVersion) => method('update', id, patch, expectedVersion),
    remove: (id, expectedVersion) => method('remove', id, expectedVersion),
    list: (query) => call('list', object, query),
    touch: (uses) => method('touch', uses),
    purge: (expiredBefore) => method('purge', expiredBefore),
    async watch(listener) {
      const watch = `watch ${++watches}`
      watching.set(watch, listener)
      await call('watch', object, watch)
      return async () => {
        watching.delete(watch)
        await call('unwatch', watch)
      }
    },
  }
}

async function endProcess(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.disconnect()
  await exit
}
