// Clients that hosts have besides the newest: that they are what they are called, and that the store works on them.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { startRedis } from '@latchkey/test-servers'
import { storeContract, tokenRecord } from '@latchkey/testkit'
import { createClient as createClient4, createCluster as createCluster4 } from 'redis4'
import { describe, expect, onTestFinished, test } from 'vitest'
import { nodeRedis, redisStore } from '../src/index.js'
import { contractOn } from './contract-on.js'
import { connect, LONG, OTHER_CLIENTS, setupsOf, startWatching } from './support.js'

const require = createRequire(import.meta.url)

/** All cases with LATCHKEY_LONG=1; else those of what clients do differently: replies, scripts, lists and messages. */
const GROUPS = ['open', 'insert', 'find', 'update', 'remove', 'list', 'touch', 'purge', 'watch']
const CASES = storeContract.filter(({ group }) => LONG || GROUPS.includes(group))

test.each([
  ['redis4', 'redis', '4'],
  ['redis5', 'redis', '5'],
  ['ioredis5', 'ioredis', '5'],
  ['iovalkey', 'iovalkey', '0'],
])('%s resolves to %s %s', (alias, name, major) => {
  const manifest = JSON.parse(readFileSync(require.resolve(`${alias}/package.json`), 'utf8'))
  expect([manifest.name, manifest.version.split('.')[0]]).toEqual([name, major])
})

test('redis 4 is refused with a sentence', () => {
  for (const client of [createClient4(), createCluster4({ rootNodes: [] })]) {
    const make = () => nodeRedis(client as never)
    expect(make).toThrow(TypeError)
    expect(make).toThrow(
      /has no destroy\(\)\. Pass one of createClient\(\) or createCluster\(\), .* of redis 5 or newer/,
    )
  }
})

describe.each(OTHER_CLIENTS)('%s', (name) => {
  contractOn(name, CASES, LONG ? setupsOf(name) : setupsOf(name).slice(0, 1))

  test('after all its connections were cut, it works and hears of changes again', async () => {
    const redis = await startRedis()
    onTestFinished(async () => redis.stop())
    const connections = [await connect(name, redis), await connect(name, redis)]
    onTestFinished(() => {
      for (const { close } of connections) close()
    })
    const [a, b] = await Promise.all(connections.map(async ({ client }) => redisStore({ client }).open('default')))
    if (!a || !b) throw new Error('two environments')
    const watching = await startWatching(b)
    const early = tokenRecord()
    await a.insert(early)
    await watching.changed(early.id)

    for (const type of ['pubsub', 'normal']) await redis.command('CLIENT', 'KILL', 'TYPE', type)
    const late = tokenRecord()
    await expect
      .poll(
        async () =>
          a.insert(late).then(
            () => true,
            () => a.find(late.id),
          ),
        { timeout: 10_000 },
      )
      .toBeTruthy()
    await watching.changed(late.id)
    expect(await b.find(late.id)).toEqual(late)
    await watching.stop()
  })
})
