import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import {
  createLatchkey,
  type Hasher,
  hmacSha256,
  type IssuedToken,
  type Latchkey,
  type LatchkeyEvents,
  type LatchkeyOptions,
  type MemoryData,
  memoryData,
  memoryStore,
  type TokenStore,
  type Verdict,
} from '../../src/index.js'
import type { ChangeEvent, ChangeListener, EnvironmentStore, TokenUse } from '../../src/store.js'
import { tokenFormat } from '../../src/token/format.js'

export const START = 1_700_000_000_000
export const hmac = hmacSha256({ keys: { k: Buffer.alloc(32, 7) }, current: 'k' })

/** One call that stops on its way: it has done its work, and its answer waits to be let go. */
export interface Hold {
  /** Resolves when the call has come to the gate. */
  readonly reached: Promise<void>
  release(): void
  fail(error: Error): void
}

interface Gate extends Hold {
  pass(): Promise<void>
}

function gate(): Gate {
  let arrive = () => {}
  let release = () => {}
  let fail: (error: Error) => void = () => {}
  const reached = new Promise<void>((resolve) => {
    arrive = resolve
  })
  const opened = new Promise<void>((resolve, reject) => {
    release = resolve
    fail = reject
  })
  opened.catch(() => undefined)
  return {
    reached,
    release,
    fail,
    pass() {
      arrive()
      return opened
    },
  }
}

/** A queue of gates: each holds one call, in their order; calls beyond go through. */
export function gates(): { hold(): Hold; next(): Gate | undefined } {
  const waiting: Gate[] = []
  return {
    hold() {
      const fresh = gate()
      waiting.push(fresh)
      return fresh
    },
    next: () => waiting.shift(),
  }
}

type Failing = 'open' | 'find' | 'touch' | 'update' | 'watch'

/** A connection to a memory store whose answers can be delayed, and which can be cut off. */
export interface Connection {
  readonly store: TokenStore
  readonly finds: string[]
  readonly touched: (readonly TokenUse[])[]
  opens: number
  updates: number
  /** Operations that fail for now. */
  readonly failing: Map<Failing, Error>
  /** What happens just before a record is inserted. */
  beforeInsert: (id: string) => Promise<unknown>
  /** No change event arrives any more. */
  deaf: boolean
  emit(event: ChangeEvent): void
  /** Holds back the answer of the next find: what it read is as old as the call. */
  holdFind(): Hold
  holdTouch(): Hold
}

export function connection(data: MemoryData = memoryData()): Connection {
  const inner = memoryStore(data)
  const findGates = gates()
  const touchGates = gates()
  const listeners = new Set<ChangeListener>()
  const made: Connection = {
    finds: [],
    touched: [],
    opens: 0,
    updates: 0,
    failing: new Map(),
    beforeInsert: async () => undefined,
    deaf: false,
    emit(event) {
      for (const listener of listeners) listener(event)
    },
    holdFind: findGates.hold,
    holdTouch: touchGates.hold,
    store: {
      async open(environment) {
        made.opens++
        mayFail('open')
        return wrap(await inner.open(environment))
      },
      close: () => inner.close(),
    },
  }

  function mayFail(operation: Failing): void {
    const error = made.failing.get(operation)
    if (error !== undefined) throw error
  }

  function wrap(opened: EnvironmentStore): EnvironmentStore {
    return {
      ...opened,
      async find(id) {
        made.finds.push(id)
        mayFail('find')
        const held = findGates.next()
        const record = await opened.find(id)
        await held?.pass()
        return record
      },
      async touch(uses) {
        made.touched.push(uses)
        mayFail('touch')
        const held = touchGates.next()
        await opened.touch(uses)
        await held?.pass()
      },
      async insert(record) {
        await made.beforeInsert(record.id)
        await opened.insert(record)
      },
      async update(id, patch, version) {
        made.updates++
        mayFail('update')
        return opened.update(id, patch, version)
      },
      async watch(listener) {
        mayFail('watch')
        const hearing: ChangeListener = (event) => {
          if (!made.deaf) listener(event)
        }
        listeners.add(listener)
        const unwatch = await opened.watch(hearing)
        return async () => {
          listeners.delete(listener)
          await unwatch()
        }
      },
    }
  }
  return made
}

/** A hasher that counts, and whose proofs can be held. */
export interface CountingHasher extends Hasher {
  hashes: number
  verifies: number
  holdVerify(): Hold
}

export function counting(inner: Hasher = hmac, slow = inner.slow): CountingHasher {
  const verifyGates = gates()
  const made: CountingHasher = {
    id: inner.id,
    slow,
    hashes: 0,
    verifies: 0,
    holdVerify: verifyGates.hold,
    hash(secret) {
      made.hashes++
      return inner.hash(secret)
    },
    async verify(secret, phc) {
      made.verifies++
      const held = verifyGates.next()
      const right = await inner.verify(secret, phc)
      await held?.pass()
      return right
    },
    recognizes: inner.recognizes,
    isCurrent: inner.isCurrent,
  }
  return made
}

export interface Node {
  readonly latchkey: Latchkey
  readonly connection: Connection
  readonly clock: { at: number }
  readonly hasher: CountingHasher
  create(input?: Partial<Parameters<Latchkey['create']>[0]>): Promise<IssuedToken>
}

let environments = 0

/** An instance on a memory store, with a clock that stands still and a fast hasher that counts. */
export function node(
  options: Partial<Omit<LatchkeyOptions, 'store' | 'now' | 'hasher'>> & {
    data?: MemoryData
    hasher?: CountingHasher
    clock?: { at: number }
    connection?: Connection
  } = {},
): Node {
  const { data, hasher = counting(), clock = { at: START }, connection: given = connection(data), ...rest } = options
  const latchkey = createLatchkey({
    environment: `test-${environments++}`,
    ...rest,
    cache: { max: 1_000, ...rest.cache },
    store: given.store,
    hasher,
    now: () => clock.at,
  })
  return {
    latchkey,
    connection: given,
    clock,
    hasher,
    create: (input) => latchkey.create({ name: 'n', owner: 'o', scopes: ['a'], ...input }),
  }
}

/** Two instances on the same data, each over a connection of its own, with clocks that go alike. */
export function twoNodes(options: Parameters<typeof node>[0] = {}): [Node, Node] {
  const shared = {
    environment: `pair-${environments++}`,
    data: memoryData(),
    clock: { at: START },
    ...options,
  }
  return [node(shared), node(shared)]
}

/** Well-formed, of the same id, with another secret. */
export function forged(token: string): string {
  const prefix = token.slice(0, token.indexOf('.'))
  return tokenFormat(prefix).renew(token.slice(0, prefix.length + 25)).token
}

/** Well-formed, and known to nobody. */
export function unknownToken(prefix = 'lk'): string {
  return tokenFormat(prefix).generate().token
}

/** `ok`, or why not. */
export function outcome(verdict: Verdict | undefined): string | undefined {
  return verdict === undefined ? undefined : verdict.ok ? 'ok' : verdict.denial.reason
}

/** Lets everything that waits for nothing but microtasks run to its end. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** What is published while the function runs. */
export async function published<E extends keyof LatchkeyEvents>(
  event: E,
  during: () => unknown,
): Promise<LatchkeyEvents[E][]> {
  const heard: LatchkeyEvents[E][] = []
  const listener = (message: unknown) => void heard.push(message as LatchkeyEvents[E])
  subscribe(`latchkey:${event}`, listener)
  try {
    await during()
  } finally {
    unsubscribe(`latchkey:${event}`, listener)
  }
  return heard
}
