import { storeContract } from '@latchkey/testkit'
import { describe, test } from 'vitest'
import { sqliteStore } from '../src/index.js'
import { temporaryFolder } from './temporary.js'

describe.each(storeContract)('sqlite store: $group', ({ name, run }) => {
  test(name, async () => {
    const path = `${temporaryFolder()}/tokens.db`
    await run(async () => sqliteStore({ path }))
  })
})
