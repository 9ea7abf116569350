import type { ChangeEvent, TokenStore } from '@latchkey/core/store'
import { storeContract, tokenRecord } from '@latchkey/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sqliteStore } from '../src/index.js'
import { assertConsistent } from './support/consistency.js'
import { runOnShared, temporaryFolder } from './support/files.js'
import { type RemoteProcess, startRemote } from './support/remote-store.js'

// The first connection of each case lies in this process, the second in the other, and so on.
const own = storeContract.filter(({ group }) => group === 'open')
const shared = storeContract.filter(({ group }) => group !== 'open')

const path = `${temporaryFolder(afterAll)}/tokens.db`
const options = { path, durability: 'normal' } as const
let remote: RemoteProcess
let stores: [TokenStore, TokenStore]
beforeAll(async () => {
  remote = await startRemote()
  // contract.test.ts has the other durability.
  stores = [sqliteStore(options), await remote.store(options)]
})
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()))
  await remote.end()
  assertConsistent(path)
})

describe.each(own)('two processes on one file: $group', ({ name, run }) => {
  test(name, async () => {
    const ownPath = `${temporaryFolder()}/tokens.db`
    let opened = 0
    await run(async () => {
      return opened++ % 2 === 0 ? sqliteStore({ path: ownPath }) : remote.store({ path: ownPath })
    })
  })
})

describe.each(shared.map((one, number) => ({ ...one, number })))(
  'two processes on one file: $group',
  ({ number, ...one }) => {
    test(one.name, () => runOnShared(one, number, stores))
  },
)

test('a change by another process arrives within 200 ms', async () => {
  const [mine, other] = await Promise.all(stores.map((store) => store.open('delays')))
  if (!mine || !other) throw new Error('two stores')
  const record = tokenRecord()
  await other.insert(record)
  const delays: number[] = []
  for (let version = 1; version <= 10; version++) {
    const arrived = new Promise<number>((resolve) => {
      void mine.watch((event: ChangeEvent) => {
        if (typeof event === 'object' && event.ids.includes(record.id)) resolve(performance.now())
      })
    })
    await other.update(record.id, { enabled: version % 2 === 0 }, version)
    const acknowledged = performance.now()
    delays.push((await arrived) - acknowledged)
  }
  // The contract bounds every delay; this is the usual one.
  expect(delays.sort((a, b) => a - b)[5]).toBeLessThan(200)
})
