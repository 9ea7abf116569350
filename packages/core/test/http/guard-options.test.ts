import { expect, test } from 'vitest'
import { createGuard } from '../../src/adapter.js'

test('an adapter may have options of its own', () => {
  const withOthers = { scopes: ['a'], onDenied: () => undefined }
  expect(createGuard(withOthers, ['onDenied'])).toBeTypeOf('function')
  expect(createGuard({ scopes: undefined })).toBeTypeOf('function')
})

test.each<[string, unknown, string]>([
  ['a misspelt name', { scope: ['a'] }, 'requireToken.scope is not an option'],
  ['an option of another adapter', { onDenied: () => undefined }, 'requireToken.onDenied is not an option'],
  ['a bare list', ['a'], 'requireToken must be an object'],
  ['a bare text', 'a', 'requireToken must be an object'],
  ['null', null, 'requireToken must be an object'],
  ['one text for a list', { scopes: 'a' }, 'requireToken.scopes must be a list of scopes'],
  ['a wildcard', { scopes: ['a', 'b.*'] }, 'requireToken.scopes must be plain scopes, not "b.*"'],
  ['an empty text', { scopes: [''] }, 'requireToken.scopes must be plain scopes, not ""'],
])('%s is refused when the guard is made', (_, options, message) => {
  const make = () => createGuard(options as { scopes: string[] })
  expect(make).toThrow(TypeError)
  expect(make).toThrow(expect.objectContaining({ code: 'ERR_OPTION', message }))
})
