import {
  createLatchkey,
  type Hasher,
  type Latchkey,
  type MemoryData,
  memoryData,
  memoryStore,
  type TokenStore,
} from '@latchkey/core'
import { stop } from '../harness/benchmark.js'
import { LONG_CACHE } from '../harness/tokens.js'
import { postgres } from './postgres.js'
import { ioredis, redis } from './redis.js'
import { sqlite } from './sqlite.js'
import type { BenchData, ConnectOptions, StoreKind } from './store-kind.js'

const opened = new Map<string, MemoryData>()

/** Can be reached from the process that opened it. */
const memory: StoreKind = {
  async open() {
    const address = `memory:${opened.size}`
    opened.set(address, memoryData())
    return { address, filled: false, stop: async () => opened.set(address, memoryData()) }
  },
  connect(address) {
    const data = opened.get(address)
    if (data === undefined) throw new Error(`${address} was opened by another process`)
    return memoryStore(data)
  },
}

/** The stores of the benchmarks, by the scheme of their addresses. To add one, write its file and name it here. */
const STORES: Readonly<Record<string, StoreKind>> = { memory, sqlite, redis, ioredis, postgres }

/** Ends the process with a sentence if `--store` names none of them. */
export function checkStore(name: string): void {
  const names = Object.keys(STORES)
  if (!names.includes(name)) stop(`--store must be one of ${names.join(', ')}, not ${name}`)
}

export async function openData(name: string, path?: string): Promise<BenchData> {
  return kindOf(name).open(path)
}

/** A new connection to the data at this address. Close it before the data. */
export async function connectStore(address: string, options: ConnectOptions = {}): Promise<TokenStore> {
  return kindOf(address.slice(0, address.indexOf(':'))).connect(address, options)
}

/** With a new instance, which has cached nothing, on a new connection. */
export async function withInstance<T>(
  address: string,
  hasher: Hasher,
  run: (latchkey: Latchkey) => Promise<T>,
): Promise<T> {
  const store = await connectStore(address)
  const latchkey = createLatchkey({ store, hasher, cache: LONG_CACHE })
  await latchkey.ready()
  const result = await run(latchkey)
  await latchkey.close()
  await store.close()
  return result
}

function kindOf(name: string): StoreKind {
  const kind = STORES[name]
  if (kind === undefined) throw new Error(`There is no store ${name}`)
  return kind
}
