import { expect, test } from 'vitest'
import { adapterContract } from '../src/index.js'

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
