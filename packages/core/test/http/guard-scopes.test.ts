import { expect, test } from 'vitest'
import { guardScopes } from '../../src/adapter.js'

test('the scopes of a guard are a copy of what was given, none if nothing was', () => {
  const given = ['a', 'b.c']
  const scopes = guardScopes({ scopes: given })
  given.push('later')
  expect(scopes).toEqual(['a', 'b.c'])
  expect(guardScopes({})).toEqual([])
  const withOthers = { scopes: ['a'], onDenied: () => undefined }
  expect(guardScopes(withOthers, ['onDenied'])).toEqual(['a'])
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
  const make = () => guardScopes(options as { scopes: string[] })
  expect(make).toThrow(TypeError)
  expect(make).toThrow(expect.objectContaining({ code: 'ERR_OPTION', message }))
})
