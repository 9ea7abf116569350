import { storeContract } from '@latchkey/testkit'
import pg from 'pg'
import { afterAll, beforeAll, describe } from 'vitest'
import { nodePg, type PostgresClient } from '../src/index.js'
import { contractOn } from './contract-on.js'
import { LONG, sharedServer } from './support.js'

const shared = sharedServer()

/** All cases with LATCHKEY_LONG=1; else those in which writes meet, since the others have nothing to conflict with. */
const SERIALIZABLE = storeContract.filter(({ group }) => LONG || ['update', 'races', 'touch'].includes(group))

describe.each<[string, pg.PoolConfig, typeof storeContract]>([
  ['pg', {}, storeContract],
  ['pg, all transactions serializable', { options: '-c default_transaction_isolation=serializable' }, SERIALIZABLE],
])('the store contract on two pools of %s', (_, options, cases) => {
  let pools: pg.Pool[]
  let clients: PostgresClient[]
  beforeAll(() => {
    pools = [1, 2].map(() => new pg.Pool({ connectionString: shared.server.url, ...options }))
    clients = pools.map(nodePg)
  })
  afterAll(async () => {
    await Promise.all(pools.map(async (pool) => pool.end()))
  })
  contractOn(() => clients, cases)
})
