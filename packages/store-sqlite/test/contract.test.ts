import type { TokenStore } from '@latchkey/core/store'
import { storeContract } from '@latchkey/testkit'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { sqliteStore } from '../src/index.js'
import { assertConsistent } from './support/consistency.js'
import { runOnShared, temporaryFolder } from './support/files.js'

// The cases about opening and closing get files of their own, all others share one file.
const own = storeContract.filter(({ group }) => group === 'open')
const shared = storeContract.filter(({ group }) => group !== 'open')

describe.each(own)('sqlite store: $group', ({ name, run }) => {
  test(name, async () => {
    const path = `${temporaryFolder()}/tokens.db`
    await run(async () => sqliteStore({ path }))
  })
})

const path = `${temporaryFolder(afterAll)}/tokens.db`
let stores: [TokenStore, TokenStore]
beforeAll(() => {
  stores = [sqliteStore({ path }), sqliteStore({ path })]
})
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()))
  assertConsistent(path)
})

describe.each(shared.map((one, number) => ({ ...one, number })))('sqlite store: $group', ({ number, ...one }) => {
  test(one.name, () => runOnShared(one, number, stores))
})
