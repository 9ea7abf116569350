import { expect, test } from 'vitest'
import { checkMetadata } from '../../src/manage/metadata.js'

test('as many values as 4 KiB of JSON can hold are no problem, more are one at once', () => {
  const dense = { ab: Array(2043).fill(0) }
  expect(JSON.stringify(dense)).toHaveLength(4094)
  expect(checkMetadata(dense)).toBeUndefined()
  expect(checkMetadata({ ab: [...dense.ab, 10] })).toBe('Must have at most 4096 bytes as JSON.')
  // It ends behind those that could fit, so what comes later is not even looked at.
  expect(checkMetadata({ a: [...Array(4096).fill(0), undefined] })).toBe('Must have at most 4096 bytes as JSON.')
})
