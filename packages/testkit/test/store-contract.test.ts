import { expect, test } from 'vitest'
import { seededRandom, storeContract, tokenId, tokenRecord } from '../src/index.js'

test('every group has cases, and no two cases of a group have one name', () => {
  const groups = ['open', 'insert', 'find', 'update', 'remove', 'list', 'touch', 'purge', 'watch', 'races']
  expect(new Set(storeContract.map(({ group }) => group))).toEqual(new Set(groups))
  expect(new Set(storeContract.map(({ group, name }) => `${group} ${name}`)).size).toBe(storeContract.length)
})

test('seeded fixtures repeat themselves, others differ', () => {
  expect(tokenRecord({}, seededRandom(5))).toEqual(tokenRecord({}, seededRandom(5)))
  expect(tokenRecord({}, seededRandom(5))).not.toEqual(tokenRecord({}, seededRandom(6)))
  expect(new Set(Array.from({ length: 1_000 }, () => tokenId())).size).toBe(1_000)
  expect(tokenId('acme')).toMatch(/^acme\.[A-Z2-7]{24}$/)
})

test('seeded numbers are spread evenly from 0 to 1', () => {
  const random = seededRandom(1)
  const tenths = Array.from({ length: 10 }, () => 0)
  for (let i = 0; i < 10_000; i++) {
    const tenth = Math.floor(random() * 10)
    tenths[tenth] = (tenths[tenth] ?? 0) + 1
  }
  expect(tenths).toHaveLength(10)
  for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150)
})
