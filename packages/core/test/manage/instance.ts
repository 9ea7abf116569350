import {
  type Caller,
  createLatchkey,
  hmacSha256,
  type LatchkeyOptions,
  memoryData,
  memoryStore,
  RequestError,
  type TokenStore,
} from '../../src/index.js'
import type { MemoryData } from '../../src/store/memory-store.js'
import type { TokenRecord } from '../../src/store.js'

/** 2026-01-15T12:00:00Z, a Thursday: where the clock of an instance stands at first. */
export const NOW = Date.UTC(2026, 0, 15, 12)
export const MINUTE = 60_000
export const DAY = 86_400_000

const HASHER = hmacSha256({ keys: { test: new Uint8Array(32).fill(7) }, current: 'test' })

export type Instance = ReturnType<typeof instance>

/** An instance on memory with a cheap hasher and a clock that moves by hand. */
export function instance(options: Partial<LatchkeyOptions> = {}, data: MemoryData = memoryData()) {
  const clock = { now: NOW }
  const latchkey = createLatchkey({ store: memoryStore(data), hasher: HASHER, now: () => clock.now, ...options })
  return { latchkey, clock, data, records: () => everything(data, latchkey.environment) }
}

/** All that is stored, secrets' hashes included. */
export async function everything(data: MemoryData, environment = 'default'): Promise<readonly TokenRecord[]> {
  const store = await memoryStore(data).open(environment)
  const page = await store.list({
    filter: {},
    sort: { by: 'createdAt', direction: 'asc' },
    limit: 10_000,
    count: false,
  })
  return [...page.records]
}

/** A store on `data` that lets something happen between the reading of a record and whatever its reader does next. */
export function interruptedStore(data: MemoryData, interrupt: (id: string) => Promise<unknown>): TokenStore {
  const store = memoryStore(data)
  return {
    close: () => store.close(),
    async open(environment) {
      const opened = await store.open(environment)
      return {
        ...opened,
        async find(id) {
          const record = await opened.find(id)
          await interrupt(id)
          return record
        },
      }
    },
  }
}

/** The error that a call is refused with. Fails if it is not, or with anything else. */
export async function refusal(call: Promise<unknown>): Promise<RequestError> {
  const outcome = await call.then(
    () => 'no refusal',
    (error: unknown) => error,
  )
  if (outcome instanceof RequestError) return outcome
  throw new Error('expected a RequestError', { cause: outcome })
}

/** Code and violated places of a refusal. */
export async function refused(call: Promise<unknown>): Promise<{ code: string; paths: string[] }> {
  const { code, violations } = await refusal(call)
  return { code, paths: violations.map(({ path }) => path).toSorted() }
}

export function hostCaller(overrides: Partial<Caller> = {}): { caller: Caller } {
  return { caller: { owner: 'ada', scopes: ['*'], ...overrides } }
}
