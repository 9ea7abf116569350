import { tokenRecord } from '@latchkey/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { nodePg, postgresStore } from '../src/index.js'
import {
  connect,
  ENVIRONMENT,
  eventually,
  newPool,
  newSchema,
  sharedServer,
  startWatching,
  type Watching,
} from './support.js'

const shared = sharedServer()

const LISTENERS = `from pg_stat_activity where query like 'listen "latchkey_%'`

async function listeners(): Promise<number> {
  return (await shared.server.query(`select ${LISTENERS}`)).length
}

function told({ events }: Watching): string[] {
  return events.flatMap((event) => (typeof event === 'object' ? event.ids : []))
}

test('a change arrives by notification long before the next poll, once', async () => {
  const schema = newSchema()
  const [a, b] = [await connect(shared.server, { schema }), await connect(shared.server, { schema })]
  const watching = await startWatching(b.environment)
  await eventually(async () => (await listeners()) === 1)
  const latencies: number[] = []
  const records = Array.from({ length: 20 }, () => tokenRecord())
  for (const record of records) {
    const arrived = watching.changed(record.id).then(() => performance.now())
    await a.environment.insert(record)
    const acknowledged = performance.now()
    latencies.push((await arrived) - acknowledged)
  }
  // By polls alone half of them would take longer than 250 ms.
  expect(latencies.sort((x, y) => x - y)[10]).toBeLessThan(200)
  expect(told(watching)).toEqual(records.map(({ id }) => id))
})

test('with the listener cut again and again, polls bring every change within 1 s, and it listens again', async () => {
  const schema = newSchema()
  const [a, b] = [await connect(shared.server, { schema }), await connect(shared.server, { schema })]
  const watching = await startWatching(b.environment)
  for (let round = 0; round < 4; round++) {
    const record = tokenRecord()
    await a.environment.insert(record)
    await shared.server.query(`select pg_terminate_backend(pid) ${LISTENERS}`)
    expect(await a.environment.remove(record.id)).toBe(true)
    const acknowledged = performance.now()
    await eventually(async () => told(watching).filter((id) => id === record.id).length === 2)
    expect(performance.now() - acknowledged).toBeLessThan(1_000)
  }
  await eventually(async () => (await listeners()) === 1)
  expect(watching.events).not.toContain('reset')
  expect(watching.events).not.toContain('lagging')
})

test('a client that cannot listen hears of changes by polling alone', async () => {
  const schema = newSchema()
  const { query } = nodePg(newPool(shared.server))
  const store = postgresStore({ client: { query }, schema })
  onTestFinished(async () => store.close())
  const watching = await startWatching(await store.open(ENVIRONMENT))
  const { environment } = await connect(shared.server, { schema })
  for (let round = 0; round < 3; round++) {
    const record = tokenRecord()
    await environment.insert(record)
    const acknowledged = performance.now()
    await watching.changed(record.id)
    expect(performance.now() - acknowledged).toBeLessThan(1_000)
  }
})

test('many environments share one poll and one connection that listens, which end with the last watch', async () => {
  const schema = newSchema()
  const pool = newPool(shared.server)
  const client = nodePg(pool)
  let polls = 0
  const counting = {
    ...client,
    query: ((text, values, options) => {
      if (text.includes('jsonb_to_recordset')) polls++
      return client.query(text, values, options)
    }) satisfies typeof client.query,
  }
  const store = postgresStore({ client: counting, schema })
  onTestFinished(async () => store.close())
  const environments = await Promise.all(Array.from({ length: 30 }, async (_, i) => store.open(`e${i}`)))
  const watches = await Promise.all(environments.map(async (environment) => startWatching(environment)))
  await eventually(async () => (await listeners()) === 1)
  polls = 0
  const records = environments.map(() => tokenRecord())
  for (const [i, environment] of environments.entries()) await environment.insert(records[i] ?? tokenRecord())
  for (const [i, watching] of watches.entries()) await watching.changed(records[i]?.id ?? '')
  for (const [i, watching] of watches.entries()) expect(told(watching)).toEqual([records[i]?.id])
  // One for each notification at most, and some in between.
  expect(polls).toBeLessThan(60)
  await Promise.all(watches.map(async (watching) => watching.stop()))
  await eventually(async () => (await listeners()) === 0)
  polls = 0
  const last = tokenRecord()
  await environments[0]?.insert(last)
  const again = await startWatching(environments[0] ?? (await store.open('e0')))
  await environments[0]?.remove(last.id)
  await again.changed(last.id)
})

test('a burst of more changes than one poll reads is told in full', async () => {
  const schema = newSchema()
  const [a, b] = [await connect(shared.server, { schema }), await connect(shared.server, { schema })]
  const watching = await startWatching(b.environment)
  // As a purge of so many would leave them.
  const env = Number(await a.value(`select env from ${schema}.environment`))
  await shared.server.query(
    `insert into ${schema}.change (env, id, nonce) select ${env}, 'lk.' || i, 'x' from generate_series(1, 12000) i`,
  )
  await watching.changed('lk.12000')
  expect(new Set(told(watching)).size).toBe(12_000)
  expect(watching.events).not.toContain('reset')
})

test('two watches of one environment that begin at once, and end apart', async () => {
  const { environment } = await connect(shared.server, { schema: newSchema() })
  const [one, two] = await Promise.all([startWatching(environment), startWatching(environment)])
  if (!one || !two) throw new Error('two watches')
  const [first, second] = [tokenRecord(), tokenRecord()]
  await environment.insert(first)
  await Promise.all([one.changed(first.id), two.changed(first.id)])
  await one.stop()
  await environment.insert(second)
  await two.changed(second.id)
  expect(told(one)).toEqual([first.id])
})

test('a watch that ends while its first poll is on its way leaves nothing behind', async () => {
  const { environment } = await connect(shared.server, { schema: newSchema() })
  for (let round = 0; round < 5; round++) await (await environment.watch(() => {}))()
  await eventually(async () => (await listeners()) === 0)
})
