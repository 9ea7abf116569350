import type { ChangeEvent } from '@latchkey/core/store'
import { storeContract, tokenRecord } from '@latchkey/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sqliteStore } from '../src/index.js'
import { type RemoteProcess, startRemote } from './remote-store.js'
import { temporaryFolder } from './temporary.js'

let remote: RemoteProcess
beforeAll(async () => {
  remote = await startRemote()
})
afterAll(() => remote.end())

describe.each(storeContract)('two processes on one file: $group', ({ name, run }) => {
  test(name, async () => {
    const path = `${temporaryFolder()}/tokens.db`
    let opened = 0
    // The first connection lies here, the second in the other process, and so on.
    await run(async () => (opened++ % 2 === 0 ? sqliteStore({ path }) : remote.store({ path })))
  })
})

test('a change by another process arrives within 200 ms', async () => {
  const path = `${temporaryFolder()}/tokens.db`
  const [here, there] = [sqliteStore({ path }), await remote.store({ path })]
  const [mine, other] = [await here.open('default'), await there.open('default')]
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
  await Promise.all([here.close(), there.close()])
})
