import assert from 'node:assert/strict'
import type { TokenStore } from '@latchkey/core'
import type { EnvironmentStore } from '@latchkey/core/store'
import { fullTokenRecord, tokenRecord } from '../fixtures.js'
import { type ContractCase, connections, ENVIRONMENT } from './contract-case.js'
import { page, range, rejectsWith, stored, walkIds } from './helpers.js'

const identity = ({ dataset, sealingKey }: EnvironmentStore) => `${dataset} ${Buffer.from(sealingKey).toString('hex')}`

export const openCases: readonly ContractCase[] = [
  connections('open', 'dataset is a UUID, sealingKey 32 bytes; another environment has others', async (connect) => {
    const store = await connect()
    const [one, two] = [await store.open('one'), await store.open('two')]
    for (const { dataset, sealingKey } of [one, two]) {
      assert.match(dataset, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      assert.ok(sealingKey instanceof Uint8Array)
      assert.equal(sealingKey.length, 32)
    }
    assert.notEqual(one.dataset, two.dataset)
    assert.notDeepEqual([...one.sealingKey], [...two.sealingKey])
  }),

  connections('open', 'dataset and sealingKey are the same on every connection, also later', async (connect) => {
    const first = await connect()
    const seen = identity(await first.open(ENVIRONMENT))
    assert.equal(identity(await first.open(ENVIRONMENT)), seen, 'opened twice')
    assert.equal(identity(await (await connect()).open(ENVIRONMENT)), seen, 'on another connection')
    await first.close()
    assert.equal(identity(await (await connect()).open(ENVIRONMENT)), seen, 'after the first was closed')
  }),

  connections('open', 'dataset and sealingKey are the same when first opened by several at once', async (connect) => {
    const stores = await Promise.all(range(8).map(connect))
    const environments = await Promise.all([...stores, ...stores].map((store) => store.open(ENVIRONMENT)))
    assert.equal(new Set(environments.map(identity)).size, 1)
  }),

  connections('open', 'makes an environment with the given sealing key, and keeps the key of one', async (connect) => {
    const [a, b] = [await connect(), await connect()]
    const [given, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
    const moved = await a.open('moved', { sealingKey: given })
    assert.deepEqual([...moved.sealingKey], [...given])
    for (const store of [a, b, await connect()]) {
      assert.equal(identity(await store.open('moved', { sealingKey: other })), identity(moved))
      assert.equal(identity(await store.open('moved')), identity(moved))
    }
    const made = await a.open('made')
    assert.equal(identity(await b.open('made', { sealingKey: given })), identity(made))
  }),

  connections('open', 'with create: false rejects with ERR_STORE, and creates nothing', async (connect) => {
    const [a, b] = [await connect(), await connect()]
    await rejectsWith('ERR_STORE', a.open('absent', { create: false }))
    await rejectsWith('ERR_STORE', b.open('absent', { create: false }))
    const made = await a.open('absent')
    assert.equal(identity(await b.open('absent', { create: false })), identity(made))
  }),

  connections('open', 'environments are disjoint in every operation', async (connect) => {
    const [a, b] = [await connect(), await connect()]
    // Names of which one begins another, or that differ in case alone, are different environments.
    const others = ['EU', 'eu.1', 'default']
    const one = await a.open('eu')
    const record = fullTokenRecord({ expiresAt: 1_000 })
    await one.insert(record)
    for (const name of others) {
      const other = await b.open(name)
      assert.equal(await other.find(record.id), undefined, `find in ${name}`)
      assert.equal(await other.update(record.id, { enabled: false }, 1), undefined, `update in ${name}`)
      assert.equal(await other.remove(record.id), false, `remove in ${name}`)
      assert.equal((await other.purge(2_000)).length, 0, `purge in ${name}`)
      await other.touch([{ id: record.id, gen: 2, at: record.createdAt + 999_999 }])
      const listed = await page(other, { count: true })
      assert.deepStrictEqual(listed, { records: [], totalCount: 0 }, `list in ${name}`)
      await other.insert(tokenRecord({ id: record.id, name }))
      assert.equal((await stored(other, record.id)).name, name)
    }
    assert.deepStrictEqual(await stored(one, record.id), record)
    assert.deepStrictEqual(await walkIds(one), [record.id])
    assert.equal(await one.remove(record.id), true)
    for (const name of others) assert.equal((await stored(await a.open(name), record.id)).name, name)
  }),

  connections('open', 'data outlives the connection that wrote it', async (connect) => {
    const writer = await connect()
    const reader = await connect()
    const record = fullTokenRecord()
    await (await writer.open(ENVIRONMENT)).insert(record)
    await writer.close()
    assert.deepStrictEqual(await stored(await reader.open(ENVIRONMENT), record.id), record)
    assert.deepStrictEqual(await stored(await (await connect()).open(ENVIRONMENT), record.id), record)
  }),

  connections('open', 'after close every call rejects with ERR_STORE, other connections go on', async (connect) => {
    const [closing, other] = [await connect(), await connect()]
    const record = tokenRecord()
    const [gone, alive] = [await closing.open(ENVIRONMENT), await other.open(ENVIRONMENT)]
    await gone.insert(record)
    await closing.close()
    await Promise.all(callsOf(closing, gone, record.id).map((call) => rejectsWith('ERR_STORE', call)))
    assert.deepStrictEqual(await stored(alive, record.id), record)
    assert.ok(await alive.update(record.id, { name: 'still here' }, 1))
  }),

  connections('open', 'ping resolves while the store answers, on every connection', async (connect) => {
    for (const store of [await connect(), await connect()]) {
      const [one, two] = [await store.open(ENVIRONMENT), await store.open('other')]
      assert.deepEqual(await Promise.all([one.ping(), two.ping(), one.ping()]), [undefined, undefined, undefined])
    }
  }),

  connections('open', 'close may be called twice, also at once', async (connect) => {
    const store = await connect()
    await store.open(ENVIRONMENT)
    await Promise.all([store.close(), store.close()])
    await store.close()
    await rejectsWith('ERR_STORE', store.open(ENVIRONMENT))
  }),
]

function callsOf(store: TokenStore, environment: EnvironmentStore, id: string): Promise<unknown>[] {
  return [
    store.open(ENVIRONMENT),
    environment.ping(),
    environment.insert(tokenRecord()),
    environment.find(id),
    environment.update(id, { name: 'x' }, 1),
    environment.remove(id),
    page(environment),
    environment.touch([{ id, gen: 1, at: 1 }]),
    environment.purge(1),
    environment.watch(() => {}),
  ]
}
