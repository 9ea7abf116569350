import type { TokenStore } from '@latchkey/core'
import { memory } from './memory.js'
import { ioredis, redis } from './redis.js'
import { sqlite } from './sqlite.js'
import type { BenchData, ConnectOptions, StoreKind } from './store-kind.js'

/** The stores that benchmarks can use, by the scheme of their addresses. To add one, write its file and name it here. */
export const STORES: Readonly<Record<string, StoreKind>> = { memory, sqlite, redis, ioredis }

export async function openData(name: string, path?: string): Promise<BenchData> {
  return kindOf(name).open(path)
}

/** A new connection to the data at this address. Close it before the data. */
export async function connectStore(address: string, options: ConnectOptions = {}): Promise<TokenStore> {
  return kindOf(address.slice(0, address.indexOf(':'))).connect(address, options)
}

function kindOf(name: string): StoreKind {
  const kind = STORES[name]
  if (kind === undefined) throw new Error(`There is no store ${name}; there are ${Object.keys(STORES).join(', ')}`)
  return kind
}
