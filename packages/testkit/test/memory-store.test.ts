import { once } from 'node:events'
import { memoryData, memoryStore } from '@latchkey/core'
import { describe, expect, test } from 'vitest'
import { seededRandom, storeContract, tokenId, tokenRecord } from '../src/index.js'

describe.each(storeContract)('memory store: $group', ({ name, run }) => {
  test(name, async () => {
    const data = memoryData()
    await run(async () => memoryStore(data))
  })
})

// What only the memory store promises.

test('two memory stores share nothing unless they are given the same data', async () => {
  const data = memoryData()
  const record = tokenRecord()
  const environment = await memoryStore(data).open('default')
  await environment.insert(record)
  expect(await (await memoryStore(data).open('default')).find(record.id)).toEqual(record)
  expect(await (await memoryStore().open('default')).find(record.id)).toBeUndefined()
})

test('a listener that throws breaks neither the write nor other listeners; the process is warned', async () => {
  const environment = await memoryStore().open('default')
  await environment.watch(() => {
    throw new Error('a broken listener')
  })
  const heard: unknown[] = []
  await environment.watch((event) => heard.push(event))
  const warned = once(process, 'warning')
  const record = tokenRecord()
  await environment.insert(record)
  expect(await environment.find(record.id)).toEqual(record)
  expect(heard).toEqual([{ ids: [record.id] }])
  expect(await warned).toEqual([expect.objectContaining({ message: 'a broken listener' })])
})

test('a change is heard by the time its write resolves, and not before it is stored', async () => {
  const environment = await memoryStore().open('default')
  const record = tokenRecord()
  const found: Promise<unknown>[] = []
  await environment.watch(() => found.push(environment.find(record.id)))
  const inserting = environment.insert(record)
  expect(found).toEqual([])
  await inserting
  expect(await Promise.all(found)).toEqual([record])
})

test('close ends the watches of that store, and no others', async () => {
  const data = memoryData()
  const [one, two] = [memoryStore(data), memoryStore(data)]
  const heard: string[] = []
  await (await one.open('default')).watch(() => heard.push('one'))
  const environment = await two.open('default')
  await environment.watch(() => heard.push('two'))
  await one.close()
  await environment.insert(tokenRecord())
  expect(heard).toEqual(['two'])
})

test('metadata is kept as the JSON that it spells, as durable stores do', async () => {
  const environment = await memoryStore().open('default')
  const record = tokenRecord({ metadata: { at: new Date(0), nothing: undefined } })
  await environment.insert(record)
  expect((await environment.find(record.id))?.metadata).toStrictEqual({ at: '1970-01-01T00:00:00.000Z' })
})

test('with 100,000 tokens, a page and 10,000 point reads take less than 2 s each', async () => {
  const environment = await memoryStore().open('default')
  const random = seededRandom(1)
  const like = tokenRecord({}, random)
  const records = Array.from({ length: 100_000 }, (_, i) => {
    return { ...like, id: tokenId('lk', random), name: `${i % 977}`, createdAt: i }
  })
  for (const record of records) await environment.insert(record)
  const milliseconds = async (work: () => Promise<unknown>) => {
    const start = performance.now()
    await work()
    return performance.now() - start
  }
  const sort = { by: 'name', direction: 'desc' } as const
  const page = () => environment.list({ filter: {}, sort, limit: 200, count: true })
  expect(await milliseconds(page)).toBeLessThan(2_000)
  const reads = async () => {
    for (const { id } of records.slice(-10_000)) await environment.find(id)
  }
  expect(await milliseconds(reads)).toBeLessThan(2_000)
})
