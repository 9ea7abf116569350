import { type PostgresServer, startPostgres } from '@latchkey/test-servers'
import { storeContract } from '@latchkey/testkit'
import pg from 'pg'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { nodePg, type PostgresClient, postgresStore } from '../src/index.js'
import { PATIENT } from './support.js'

/** The whole store contract; the two connections of a case are two pools. */
export function contractOn(name: string, options: pg.PoolConfig = {}): void {
  describe(`the store contract on ${name}`, () => {
    let server: PostgresServer
    const pools: pg.Pool[] = []
    const clients: PostgresClient[] = []

    beforeAll(async () => {
      server = await startPostgres()
      for (let i = 0; i < 2; i++) pools.push(new pg.Pool({ connectionString: server.url, ...options }))
      clients.push(...pools.map(nodePg))
    })
    afterAll(async () => {
      await Promise.all(pools.map(async (pool) => pool.end()))
      await server.stop()
    })

    test.each(storeContract.map((one, i) => ({ ...one, i })))('$group: $name', async ({ run, i }) => {
      let opened = 0
      await run(async () => {
        const client = clients[opened++ % clients.length]
        if (!client) throw new Error('no client')
        return postgresStore({ client, schema: `c${i}`, ...PATIENT })
      })
    })
  })
}
