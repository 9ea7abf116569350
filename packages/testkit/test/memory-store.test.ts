import { memoryData, memoryStore } from '@latchkey/core'
import { describe, test } from 'vitest'
import { storeContract } from '../src/index.js'

describe.each(storeContract)('memory store: $group', ({ name, run }) => {
  test(name, async () => {
    const data = memoryData()
    await run(async () => memoryStore(data))
  })
})
