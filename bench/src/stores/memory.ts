import { type MemoryData, memoryData, memoryStore } from '@latchkey/core'
import type { StoreKind } from './store-kind.js'

const opened = new Map<string, MemoryData>()
let count = 0

/** Can be reached from the process that opened it. */
export const memory: StoreKind = {
  async open() {
    const address = `memory:${count++}`
    opened.set(address, memoryData())
    return { address, filled: false, stop: async () => opened.delete(address) }
  },
  connect(address) {
    const data = opened.get(address)
    if (data === undefined) throw new Error(`${address} was opened by another process`)
    return memoryStore(data)
  },
}
