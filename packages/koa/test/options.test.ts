import { createLatchkey, memoryStore } from '@latchkey/core'
import { expect, test } from 'vitest'
import { latchkeyKoa } from '../src/index.js'

test('a guard with an option that it does not know is not made: it might let every valid token in', () => {
  const { requireToken } = latchkeyKoa(createLatchkey({ store: memoryStore() }))
  const misspelt: object = { scope: ['reports.read'] }
  expect(() => requireToken(misspelt)).toThrow('requireToken.scope is not an option')
  expect(() => requireToken({ scopes: ['reports.read'], onDenied: () => undefined })).not.toThrow()
})

test('routes with an option that they do not know, or cannot use, are not made', () => {
  const { tokenRoutes } = latchkeyKoa(createLatchkey({ store: memoryStore() }))
  const cases: [object, string][] = [
    [{ path: '/tokens', dialects: 'panther' }, 'tokenRoutes.dialects is not an option'],
    [{ path: '/tokens', dialect: 'github' }, "tokenRoutes.dialect must be 'dynatrace' or 'panther'"],
    [{ path: '/tokens', dialect: 'toString' }, "tokenRoutes.dialect must be 'dynatrace' or 'panther'"],
    [{ path: '/tokens', authorize: true }, 'tokenRoutes.authorize must be a function'],
    [{ path: '/tokens/' }, 'tokenRoutes.path must look like /api/tokens, without a slash at its end'],
    [{}, 'tokenRoutes.path must look like /api/tokens, without a slash at its end'],
  ]
  for (const [options, message] of cases) {
    const make = () => tokenRoutes(options as Parameters<typeof tokenRoutes>[0])
    expect(make).toThrow(expect.objectContaining({ name: 'TypeError', code: 'ERR_OPTION', message }))
  }
})
