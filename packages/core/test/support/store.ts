import { type MemoryData, memoryData, memoryStore, type TokenStore } from '../../src/index.js'
import type { ChangeEvent, ChangeListener, EnvironmentStore, TokenUse } from '../../src/store.js'
import { type Hold, holdQueue } from './hasher.js'

type Failing = 'open' | 'find' | 'touch' | 'update' | 'watch'

/** A connection to the data of a memory store: it counts, fails, waits and goes deaf as a test asks. */
export interface TestStore extends TokenStore {
  /** The ids that were looked for, in order. */
  readonly finds: string[]
  readonly touched: (readonly TokenUse[])[]
  opens: number
  updates: number
  /** Operations that fail for now, before they have any effect. */
  readonly failing: Map<Failing, Error>
  /** Awaited just before a record is inserted. */
  beforeInsert: (id: string) => unknown
  /** Awaited between the read of a record and the answer. */
  afterFind: (id: string) => unknown
  /** While set, no change event arrives. */
  deaf: boolean
  /** Delivers an event that the data did not cause. */
  emit(event: ChangeEvent): void
  /** Holds up the answer of the next `find`: what it read is as old as the call. */
  holdFind(): Hold
  holdTouch(): Hold
}

/** `override` replaces operations of each environment that is opened. */
export function testStore(
  data: MemoryData = memoryData(),
  override: (opened: EnvironmentStore) => Partial<EnvironmentStore> = () => ({}),
): TestStore {
  const inner = memoryStore(data)
  const finds = holdQueue()
  const touches = holdQueue()
  const listeners = new Set<ChangeListener>()
  const store: TestStore = {
    finds: [],
    touched: [],
    opens: 0,
    updates: 0,
    failing: new Map(),
    beforeInsert: () => undefined,
    afterFind: () => undefined,
    deaf: false,
    emit(event) {
      for (const listener of listeners) listener(event)
    },
    holdFind: finds.hold,
    holdTouch: touches.hold,
    async open(environment, options) {
      store.opens++
      mayFail('open')
      const opened = await inner.open(environment, options)
      return observed({ ...opened, ...override(opened) })
    },
    close: () => inner.close(),
  }

  function mayFail(operation: Failing): void {
    const error = store.failing.get(operation)
    if (error !== undefined) throw error
  }

  function observed(opened: EnvironmentStore): EnvironmentStore {
    return {
      ...opened,
      async find(id, options) {
        store.finds.push(id)
        mayFail('find')
        const mayAnswer = finds.start()
        const record = await opened.find(id, options)
        await store.afterFind(id)
        await mayAnswer()
        return record
      },
      async touch(uses) {
        store.touched.push(uses)
        mayFail('touch')
        const mayAnswer = touches.start()
        await opened.touch(uses)
        await mayAnswer()
      },
      async insert(record) {
        await store.beforeInsert(record.id)
        await opened.insert(record)
      },
      async update(id, patch, version) {
        store.updates++
        mayFail('update')
        return opened.update(id, patch, version)
      },
      async watch(listener) {
        mayFail('watch')
        const whenHeard: ChangeListener = (event) => {
          if (!store.deaf) listener(event)
        }
        listeners.add(listener)
        const unwatch = await opened.watch(whenHeard)
        return async () => {
          listeners.delete(listener)
          await unwatch()
        }
      },
    }
  }
  return store
}

/** All that is stored in an environment, hashes of secrets included. */
export async function storedRecords(data: MemoryData, environment = 'default') {
  const opened = await memoryStore(data).open(environment)
  const sort = { by: 'createdAt', direction: 'asc' } as const
  return [...(await opened.list({ filter: {}, sort, limit: 10_000, count: false })).records]
}
