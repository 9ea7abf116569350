import pg from 'pg'
import { afterAll, beforeAll, describe } from 'vitest'
import { nodePg, type PostgresClient } from '../src/index.js'
import { contractOn } from './contract-on.js'
import { sharedServer } from './support.js'

const shared = sharedServer()

describe.each<[string, pg.PoolConfig]>([
  ['pg', {}],
  ['pg, all transactions serializable', { options: '-c default_transaction_isolation=serializable' }],
])('the store contract on two pools of %s', (_, options) => {
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
