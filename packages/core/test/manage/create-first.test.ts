import { expect, test } from 'vitest'
import { memoryData } from '../../src/index.js'
import { testInstance } from '../support/instance.js'

const FIRST = { name: 'admin', owner: 'ada', scopes: ['*'] }

test('the first token is made where there is none', async () => {
  const { latchkey } = testInstance()
  const first = await latchkey.createFirst(FIRST)
  expect((await latchkey.verify(first?.token ?? '')).ok).toBe(true)
  expect(await latchkey.createFirst(FIRST)).toBeUndefined()
  await latchkey.delete(first?.id ?? '')
  const again = await latchkey.createFirst(FIRST)
  expect((await latchkey.verify(again?.token ?? '')).ok).toBe(true)
  expect((await latchkey.verify(first?.token ?? '')).ok).toBe(false)
})

test('the first token is not made where there is another', async () => {
  const { latchkey, create } = testInstance()
  await create()
  expect(await latchkey.createFirst(FIRST)).toBeUndefined()
  expect((await latchkey.list()).totalCount).toBe(1)
})

test('the first token is made once by many nodes at the same moment', async () => {
  const data = memoryData()
  const nodes = Array.from({ length: 8 }, () => testInstance({ data }).latchkey)
  const made = await Promise.all(nodes.map((node) => node.createFirst(FIRST)))
  const tokens = made.filter((each) => each !== undefined)
  expect(tokens).toHaveLength(1)
  for (const node of nodes) expect((await node.verify(tokens[0]?.token ?? '')).ok).toBe(true)
  expect((await nodes[0]?.list())?.totalCount).toBe(1)
})

test('first tokens have ids that differ between environments and data sets', async () => {
  const data = memoryData()
  const ids = [
    (await testInstance({ data, environment: 'a' }).latchkey.createFirst(FIRST))?.id,
    (await testInstance({ data, environment: 'b' }).latchkey.createFirst(FIRST))?.id,
    (await testInstance().latchkey.createFirst(FIRST))?.id,
  ]
  expect(new Set(ids).size).toBe(3)
})

test('the first token is judged like any other', async () => {
  const { latchkey } = testInstance()
  await expect(latchkey.createFirst({ ...FIRST, scopes: [] })).rejects.toMatchObject({ code: 'ERR_INVALID_INPUT' })
  const caller = { owner: 'bob', scopes: ['apiTokens.write', 'a'] }
  await expect(latchkey.createFirst(FIRST, { caller })).rejects.toMatchObject({ code: 'ERR_NOT_ALLOWED' })
  expect((await latchkey.list()).totalCount).toBe(0)
})
