import { expect, test } from 'vitest'
import { call, member } from '../support/call.js'
import { DAY, NOW, testInstance } from '../support/instance.js'

test('a relative time is read once, when the body has arrived', async () => {
  const { latchkey, clock } = testInstance()
  const authorize = () => {
    // The host's sign-in takes a second each time: before the body, and after it.
    clock.now += 1_000
    return { owner: 'ada', scopes: ['*'] }
  }
  const body = { name: 'n', scopes: ['a'], expirationDate: 'now+1d' }
  const created = await call(latchkey, { line: 'POST /', body, authorize })
  expect(created.status).toBe(201)
  expect(clock.now).toBeGreaterThanOrEqual(NOW + 2_000)
  expect(Date.parse(member(created, 'expirationDate'))).toBe(NOW + 1_000 + DAY)
  const { expiresAt } = await latchkey.get(member(created, 'id'))
  expect(expiresAt).toBe(NOW + 1_000 + DAY)
})

test('what is given in a call may be changed while it runs, or afterwards', async () => {
  const { latchkey } = testInstance()
  const input = {
    name: 'n',
    owner: 'ada',
    scopes: ['a'],
    networks: ['192.0.2.0/24'],
    metadata: { team: { name: 'x' } },
  }
  const expected = structuredClone(input)
  const call = latchkey.create(input)
  input.scopes.push('admin')
  input.networks.pop()
  input.metadata.team.name = 'y'
  const { id } = await call
  input.scopes.push('admin')
  input.metadata.team.name = 'z'
  expect(await latchkey.get(id)).toMatchObject(expected)
  expect(Object.isFrozen(input.metadata)).toBe(false)
})
