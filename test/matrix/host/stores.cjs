// The stores over a network, given their modules in whatever way they are loaded: nothing is asked of a server. Throws if
// anything is not as it must be.
const assert = require('node:assert/strict')

module.exports = async ({ core, postgres, redis, Pool, Redis }) => {
  const hasher = core.hmacSha256({ keys: { k1: Buffer.alloc(32, 'k') }, current: 'k1' })
  const address = { host: '127.0.0.1', port: 1 }
  const pool = new Pool(address)
  // It would wait two seconds for the end of a connection that is none.
  const client = new Redis({ ...address, lazyConnect: true, enableOfflineQueue: false, disconnectTimeout: 1 })
  const stores = [
    postgres.postgresStore({ client: postgres.nodePg(pool) }),
    redis.redisStore({ client: redis.ioredis(client) }),
  ]
  const ask = async (store) => {
    const latchkey = core.createLatchkey({ store, hasher })
    await assert.rejects(latchkey.ping(), core.StoreError)
    await latchkey.close()
    await store.close()
  }
  await Promise.all(stores.map(ask))
  client.disconnect()
  await pool.end()
}
