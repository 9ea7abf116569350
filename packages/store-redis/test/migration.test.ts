import { type RedisCluster, startCluster } from '@latchkey/test-servers'
import { readPage, tokenRecord } from '@latchkey/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redisStore } from '../src/index.js'
import { type Connection, connectCluster, MAIN_CLIENTS } from './support.js'

const LIST = { filter: {}, sort: { by: 'createdAt', direction: 'asc' }, limit: 100, count: true } as const

describe.each(MAIN_CLIENTS)('a Cluster of 3, on %s', (client) => {
  let cluster: RedisCluster
  let connection: Connection

  beforeAll(async () => {
    cluster = await startCluster(3)
    connection = await connectCluster(client, cluster.nodes)
  })
  afterAll(async () => {
    connection.close()
    await cluster.stop()
  })

  test('while a slot moves, reads and lists go on, writes wait or fail, and all works afterwards', async () => {
    const environment = await redisStore({ client: connection.client, prefix: 'moving' }).open('default')
    const records = Array.from({ length: 60 }, (_, i) => tokenRecord({ createdAt: i }))
    await Promise.all(records.map(async (record) => environment.insert(record)))

    const slot = Number(await cluster.nodes[0]?.command('CLUSTER', 'KEYSLOT', '{moving:default:0}:'))
    const owner = cluster.nodes[Math.floor((slot * 3) / 16_384)]
    const target = cluster.nodes.find((node) => node !== owner)
    if (!owner || !target) throw new Error('three masters')
    const ids = await Promise.all([owner, target].map(async (node) => String(await node.command('CLUSTER', 'MYID'))))
    const [ownerId = '', targetId = ''] = ids
    await target.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', ownerId)
    await owner.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', targetId)
    const keys = (await owner.command('CLUSTER', 'GETKEYSINSLOT', slot, 10_000)) as string[]
    const move = async (key: string) => owner.command('MIGRATE', '127.0.0.1', target.port, key, 0, 5_000)
    // Half of the keys of every kind, so that the keys of one command are on both sides.
    const [first, second] = [keys.filter((_, i) => i % 2 === 0), keys.filter((_, i) => i % 2 === 1)]
    for (const key of first) await move(key)

    for (const record of records) expect(await environment.find(record.id)).toEqual(record)
    expect(await readPage(environment, LIST)).toMatchObject({ records, totalCount: records.length })
    const refused = tokenRecord()
    await expect(environment.insert(refused)).rejects.toMatchObject({ code: 'ERR_STORE' })
    expect(await environment.find(refused.id)).toBeUndefined()

    const waiting = environment.remove(records[0]?.id ?? '')
    for (const key of second) await move(key)
    for (const node of [target, owner]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', targetId)
    expect(await waiting).toBe(true)
    await environment.insert(refused)
    expect(await environment.find(refused.id)).toEqual(refused)
    expect((await readPage(environment, LIST)).totalCount).toBe(records.length)
  })

  test('calls to a master that died fail within their deadlines', async () => {
    const store = redisStore({ client: connection.client, prefix: 'dying', shards: 4 })
    const environment = await store.open('default')
    await environment.insert(tokenRecord())
    await cluster.nodes[0]?.kill()
    const started = performance.now()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, async () => environment.find(tokenRecord().id)),
    )
    expect(performance.now() - started).toBeLessThan(700)
    const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
    expect(reasons.length).toBeGreaterThan(0)
    for (const reason of reasons) expect(reason).toMatchObject({ code: 'ERR_STORE' })
    await expect(environment.list(LIST)).rejects.toMatchObject({ code: 'ERR_STORE' })
    expect(performance.now() - started).toBeLessThan(3_000)
    await store.close()
  })
})
