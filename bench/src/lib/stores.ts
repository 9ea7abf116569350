import { memoryData, memoryStore, type TokenStore } from '@latchkey/core'

/** Data of one kind of store. */
export interface BenchStore {
  /** Another connection to it. */
  connect(): TokenStore
  remove(): Promise<void>
}

/** Every store that `cold` measures. Another one is one more entry in this list. */
export const BENCH_STORES: readonly { readonly name: string; open(): Promise<BenchStore> }[] = [
  {
    name: 'memory',
    async open() {
      const data = memoryData()
      return { connect: () => memoryStore(data), remove: async () => data.environments.clear() }
    },
  },
]
