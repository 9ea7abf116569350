import { expect, test } from 'vitest'
import { adapterContract, seededRandom, storeContract, tokenId, tokenRecord } from '../src/index.js'

test('both groups have cases, and no two cases of a group have one name', () => {
  expect(new Set(adapterContract.map(({ group }) => group))).toEqual(new Set(['guard', 'routes']))
  expect(new Set(adapterContract.map(({ group, name }) => `${group} ${name}`)).size).toBe(adapterContract.length)
})

test('a host that lets everybody in fails the cases of refusal', async () => {
  const refusals = adapterContract.filter(({ name }) => /^refuses: (?:no credential|two )/.test(name))
  expect(refusals.length).toBeGreaterThan(3)
  for (const { run } of refusals) {
    const careless = run((plan) => (_request, response) => {
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(plan.handle(undefined)))
    })
    await expect(careless).rejects.toMatchObject({ code: 'ERR_ASSERTION' })
  }
})

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
