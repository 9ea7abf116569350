import type { TokenStore } from '@latchkey/core'

export interface StoreKind {
  /** Data of its own. `path`: where it is kept for later runs; without it the data is temporary. */
  open(path?: string): Promise<BenchData>
  /** A new connection to data, from any process or thread that can reach it. */
  connect(address: string, options: ConnectOptions): TokenStore | Promise<TokenStore>
}

export interface ConnectOptions {
  /** How long a write may take, in ms, for stores that have such a deadline. Default: that of the store. */
  readonly manageTimeout?: number
}

export interface BenchData {
  readonly address: string
  /** An earlier run left its tokens here. */
  readonly filled: boolean
  /** After many writes: does what the server would do later, or not by itself. */
  settle?(): Promise<unknown>
  /** The bytes that the tokens take. */
  size?(): Promise<number>
  /** The position in the server's write-ahead log, in bytes. */
  logPosition?(): Promise<number>
  /** Ends a period of the write-ahead log: what is written next is logged with the whole page around it. */
  checkpoint?(): Promise<unknown>
  /** The longest command of the database server since the last call, in ms. */
  longestCommand?(): Promise<number>
  /** Closes the connections that listen for changes, of all processes. Resolves to their number. */
  killListeners?(): Promise<number>
  /** Ends servers and removes temporary data. */
  stop(): Promise<unknown>
}

/** A store whose connection ends with it. */
export function closingWith(store: TokenStore, end: () => unknown): TokenStore {
  return {
    open: (environment, options) => store.open(environment, options),
    async close() {
      await store.close()
      await end()
    },
  }
}
