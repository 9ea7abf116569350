import { createLatchkey, memoryStore } from '@latchkey/core'
import { expect, test } from 'vitest'
import { latchkeyExpress } from '../src/index.js'

test('a guard with an option that it does not know is not made: it might let every valid token in', () => {
  const { requireToken } = latchkeyExpress(createLatchkey({ store: memoryStore() }))
  const misspelt: object = { scope: ['reports.read'] }
  expect(() => requireToken(misspelt)).toThrow('requireToken.scope is not an option')
  expect(() => requireToken({ scopes: ['reports.read'], onDenied: () => undefined })).not.toThrow()
})
