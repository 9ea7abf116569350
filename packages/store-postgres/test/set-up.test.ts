import { readFileSync } from 'node:fs'
import { tokenRecord } from '@latchkey/testkit'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { migrate, nodePg, type PostgresClient, type PostgresStoreOptions, postgresStore } from '../src/index.js'
import { ENVIRONMENT, LIST, newPool, newSchema, PATIENT, sharedServer } from './support.js'

const client = nodePg(new pg.Pool())
const shared = sharedServer()

describe('postgresStore(options)', () => {
  test.each<[string, object]>([
    ['postgresStore: client', { client: undefined }],
    ['postgresStore: client', { client: new pg.Pool() }],
    ['postgresStore: client', { client: new pg.Client() }],
    ['postgresStore: schema', { schema: 'a-b' }],
    ['postgresStore: schema', { schema: '"x' }],
    ['postgresStore: schema', { schema: '' }],
    ['postgresStore: schema', { schema: 'x'.repeat(49) }],
    ['postgresStore: readTimeout', { readTimeout: 0 }],
    ['postgresStore: manageTimeout', { manageTimeout: 1.5 }],
  ])('names the option %s in a TypeError: %o', (name, options) => {
    const make = () => postgresStore({ client, ...options })
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
    expect(make).toThrow(new RegExp(`^${name} must`))
  })

  test('refuses options that it does not know', () => {
    expect(() => postgresStore({ client, prefix: 'x' } as PostgresStoreOptions)).toThrow(/prefix is not an option/)
  })

  test.each(['', 'a b', '{x}', 'x'.repeat(65)])('refuses the environment %j', async (environment) => {
    await expect(postgresStore({ client }).open(environment)).rejects.toThrow(/^environment must/)
  })
})

test('migrate(client, options) refuses what it does not know', async () => {
  await expect(migrate(client, { schema: 'A' })).rejects.toThrow(/^migrate: schema must/)
  await expect(migrate(client, { timeout: 0 })).rejects.toThrow(/^migrate: timeout must/)
  await expect(migrate({} as PostgresClient)).rejects.toThrow(/^migrate: client must/)
})

test('nodePg(pool) refuses what is no Pool', () => {
  expect(() => nodePg(new pg.Client() as never)).toThrow(/^nodePg: pool must be a Pool/)
  expect(() => nodePg(undefined as never)).toThrow(/^nodePg: pool must be a Pool/)
})

test.each(['read committed', 'serializable'])(
  'hosts that start together create the tables once (%s)',
  async (isolation) => {
    const options = { options: `-c default_transaction_isolation=${isolation.replaceAll(' ', '\\ ')}` }
    const clients = Array.from({ length: 3 }, () => nodePg(newPool(shared.server, options)))
    for (let round = 0; round < 8; round++) {
      const schema = newSchema()
      const opening = clients.flatMap((client) =>
        Array.from({ length: 4 }, async () => postgresStore({ client, schema, ...PATIENT }).open(ENVIRONMENT)),
      )
      const migrating = clients.map(async (client) => migrate(client, { schema }))
      const environments = await Promise.all(opening)
      await Promise.all(migrating)
      expect(new Set(environments.map(({ dataset }) => dataset)).size).toBe(1)
    }
  },
)

test('the table of tokens may be partitioned as the documentation says', async () => {
  const page = readFileSync(new URL('../../../docs/internals/scale.md', import.meta.url), 'utf8')
  const [, statements = ''] = /```sql\n([^`]+)```/.exec(page) ?? []
  expect(statements).toContain('partition by list (env)')
  const schema = newSchema()
  const pool = newPool(shared.server)
  await migrate(nodePg(pool), { schema })
  await pool.query(statements.replaceAll('latchkey.', `${schema}.`))

  const store = postgresStore({ client: nodePg(pool), schema, ...PATIENT })
  for (const name of ['first', 'second']) {
    const environment = await store.open(name)
    const record = tokenRecord({ name })
    await environment.insert(record)
    await expect(environment.insert(record)).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
    expect(await environment.update(record.id, { enabled: false }, record.version)).toMatchObject({ enabled: false })
    expect(await environment.find(record.id)).toMatchObject({ name, enabled: false })
    const { records, totalCount } = await environment.list(LIST)
    expect({ names: Array.from(records, (each) => each.name), totalCount }).toEqual({ names: [name], totalCount: 1 })
  }
  const { rows } = await pool.query(`select tableoid::regclass::text as part from ${schema}.token order by 1`)
  expect(rows).toEqual([{ part: `${schema}.token_1` }, { part: `${schema}.token_others` }])
})
