import { memoryData, memoryStore, type TokenStore } from '@latchkey/core'

/** A kind of store to be measured, holding data of its own. */
export interface BenchStore {
  readonly name: string
  /** Another connection to the same data. */
  connect(): TokenStore
  /** Removes the data. */
  remove(): Promise<void>
}

/** Every store that `cold` measures. Another one is one more function in this list. */
export const BENCH_STORES: readonly (() => Promise<BenchStore>)[] = [
  async () => {
    const data = memoryData()
    return { name: 'memory', connect: () => memoryStore(data), remove: async () => data.environments.clear() }
  },
]
