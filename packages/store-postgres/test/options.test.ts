import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { migrate, nodePg, type PostgresClient, type PostgresStoreOptions, postgresStore } from '../src/index.js'

const client = nodePg(new pg.Pool())

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
