import { createLatchkey, memoryStore } from '@latchkey/core'
import { expect, test } from 'vitest'
import { latchkeyExpress } from '../src/index.js'

test('a guard with an option that it does not know is not made: it might let every valid token in', () => {
  const { requireToken } = latchkeyExpress(createLatchkey({ store: memoryStore() }))
  const misspelt: object = { scope: ['reports.read'] }
  expect(() => requireToken(misspelt)).toThrow('requireToken.scope is not an option')
  expect(() => requireToken({ scopes: ['reports.read'], onDenied: () => undefined })).not.toThrow()
})

test('routes with an option that they do not know, or cannot use, are not made', () => {
  const { tokenRoutes } = latchkeyExpress(createLatchkey({ store: memoryStore() }))
  const cases: [object, string][] = [
    [{ dialects: 'panther' }, 'tokenRoutes.dialects is not an option'],
    [{ dialect: 'github' }, "tokenRoutes.dialect must be 'dynatrace' or 'panther'"],
    [{ dialect: 'toString' }, "tokenRoutes.dialect must be 'dynatrace' or 'panther'"],
    [{ authorize: true }, 'tokenRoutes.authorize must be a function'],
  ]
  for (const [options, message] of cases) {
    const make = () => tokenRoutes(options as Parameters<typeof tokenRoutes>[0])
    expect(make).toThrow(expect.objectContaining({ name: 'TypeError', code: 'ERR_OPTION', message }))
  }
})
