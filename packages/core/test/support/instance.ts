import {
  type Caller,
  type CreateInput,
  createLatchkey,
  type IssuedToken,
  type Latchkey,
  type LatchkeyOptions,
  type MemoryData,
  memoryData,
} from '../../src/index.js'
import type { TokenRecord } from '../../src/store.js'
import { tokenFormat } from '../../src/token/format.js'
import { type CountingHasher, countingHasher } from './hasher.js'
import { storedRecords, type TestStore, testStore } from './store.js'

/** 2026-01-15T12:00:00Z, a Thursday: when every test begins. */
export const NOW = Date.UTC(2026, 0, 15, 12)
export const MINUTE = 60_000
export const DAY = 86_400_000

export interface TestInstance {
  readonly latchkey: Latchkey
  readonly data: MemoryData
  readonly store: TestStore
  /** Stands still until a test moves it. */
  readonly clock: { now: number }
  readonly hasher: CountingHasher
  /** A token of the owner `o` with the scope `a`, unless asked otherwise. */
  create(input?: Partial<CreateInput>): Promise<IssuedToken>
  /** All that is stored, hashes of secrets included. */
  records(): Promise<TokenRecord[]>
}

export interface TestInstanceOptions extends Partial<Omit<LatchkeyOptions, 'store' | 'now' | 'hasher'>> {
  readonly data?: MemoryData
  /** Default: one over `data`. */
  readonly store?: TestStore
  readonly hasher?: CountingHasher
  readonly clock?: { now: number }
}

/** An instance on a memory store, with a clock that stands still and a fast hasher. */
export function testInstance(options: TestInstanceOptions = {}): TestInstance {
  const {
    data = memoryData(),
    store = testStore(data),
    hasher = countingHasher(),
    clock = { now: NOW },
    cache,
    ...rest
  } = options
  const latchkey = createLatchkey({
    ...rest,
    // Making room for the 50,000 tokens of the default takes 20 ms.
    cache: { max: 1_000, ...cache },
    ...{ store, hasher, now: () => clock.now },
  })
  return {
    ...{ latchkey, data, store, clock, hasher },
    create: (input) => latchkey.create({ name: 'n', owner: 'o', scopes: ['a'], ...input }),
    records: () => storedRecords(data, latchkey.environment),
  }
}

/** Two instances on the same data with one clock, each over a connection of its own. */
export function twoInstances(options: TestInstanceOptions = {}): [TestInstance, TestInstance] {
  const shared = { data: memoryData(), clock: { now: NOW }, ...options }
  return [testInstance(shared), testInstance(shared)]
}

/** What a caller needs to call the operations that read and write. */
export const MANAGEMENT = ['apiTokens.read', 'apiTokens.write']

/**
 * The last argument of a call that is made for somebody: of `ada`, who may do everything, unless asked otherwise. Whatever
 * scopes are asked, it may read and write tokens.
 */
export function hostCaller({ scopes = ['*'], ...overrides }: Partial<Caller> = {}): { caller: Caller } {
  return { caller: { owner: 'ada', scopes: [...scopes, ...MANAGEMENT], ...overrides } }
}

/** Well-formed, of the same id, with another secret. */
export function forged(token: string): string {
  const prefix = token.slice(0, token.indexOf('.'))
  return tokenFormat(prefix).renew(token.slice(0, prefix.length + 25)).token
}

/** Well-formed, and in no store. */
export function unknownToken(prefix = 'lk'): string {
  return tokenFormat(prefix).generate().token
}
