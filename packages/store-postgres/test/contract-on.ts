import { storeContract } from '@latchkey/testkit'
import pg from 'pg'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { nodePg, type PostgresClient, postgresStore } from '../src/index.js'
import { PATIENT, sharedServer } from './support.js'

/** Cases of the store contract; the connections of a case take turns at the clients. */
export function contractOn(clients: () => readonly PostgresClient[], cases = storeContract): void {
  test.each(cases.map((one, i) => ({ ...one, i })))('$group: $name', async ({ run, i }) => {
    let opened = 0
    await run(async () => {
      const all = clients()
      const client = all[opened++ % all.length]
      if (!client) throw new Error('no client')
      return postgresStore({ client, schema: `c${i}`, ...PATIENT })
    })
  })
}

/** The whole contract on two pools of `pg`. */
export function contractOnPools(name: string, options: pg.PoolConfig = {}): void {
  describe(`the store contract on ${name}`, () => {
    const shared = sharedServer()
    let pools: pg.Pool[]
    let clients: PostgresClient[]
    beforeAll(() => {
      pools = [1, 2].map(() => new pg.Pool({ connectionString: shared.server.url, ...options }))
      clients = pools.map(nodePg)
    })
    afterAll(async () => {
      await Promise.all(pools.map(async (pool) => pool.end()))
    })
    contractOn(() => clients)
  })
}
