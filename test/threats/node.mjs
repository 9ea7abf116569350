// One node: a host in a process of its own on a shared store. node node.mjs <options of Node in nodes.ts, as JSON>
// Prints a line of JSON when it listens, and ends when its stdin does.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { testHasher } from '@latchkey/testkit'
import { hostListener } from './host.mjs'

const { framework, store: where, ttl, deaf, barrier } = JSON.parse(process.argv[2])

const stores = {
  memory: async () => memoryStore(),
  async sqlite(path) {
    const { sqliteStore } = await import('@latchkey/store-sqlite')
    return sqliteStore({ path, durability: 'normal' })
  },
  async redis(port) {
    const [{ createClient }, { nodeRedis, redisStore }] = await Promise.all([
      import('redis'),
      import('@latchkey/store-redis'),
    ])
    const client = createClient({ socket: { port: Number(port), host: '127.0.0.1' } })
    client.on('error', () => undefined)
    // Patient: how a busy machine answers in time is not what is proven here.
    return redisStore({ client: nodeRedis(await client.connect()), readTimeout: 10_000, manageTimeout: 10_000 })
  },
}

/** The store, but no word of a change arrives. */
function withoutWatch(store) {
  return {
    ...store,
    open: async (environment) => ({ ...(await store.open(environment)), watch: async () => async () => undefined }),
  }
}

/** The store, but every update asks the barrier first, which may hold it up. */
function atBarrier(store) {
  return {
    ...store,
    async open(environment) {
      const opened = await store.open(environment)
      return {
        ...opened,
        async update(id, ...change) {
          await fetch(`${barrier}/${id}`)
          return opened.update(id, ...change)
        },
      }
    },
  }
}

const [kind, place] = where.split('=')
const opened = await stores[kind](place)
const heard = deaf ? withoutWatch(opened) : opened
const latchkey = createLatchkey({
  prefix: 'acme',
  foreign: [{ name: 'legacy', match: /^legacy_[0-9]_[01]$/ }],
  store: barrier === undefined ? heard : atBarrier(heard),
  hasher: testHasher,
  cache: { ttl },
  // As often as it goes, so that a write is always on its way.
  lastUsed: { flushInterval: 10 },
})
const { token: admin } = await latchkey.create({ name: 'admin', owner: 'admin', scopes: ['*'] })
// Keys of another system. The first node imports them, and the second finds them there.
const keys = Array.from({ length: 20 }, (_, i) => `legacy_${Math.floor(i / 2)}_${i % 2}`)
await latchkey.importTokens(keys.map((key) => ({ name: key, owner: 'admin', scopes: ['reports.read'], key })))
const server = createServer(hostListener(framework, latchkey))
// A busy test may leave a connection idle for long, and must not find it closed at the moment that it uses it again.
server.keepAliveTimeout = 300_000
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${server.address().port}`, admin })}\n`)
process.stdin.resume().once('end', () => process.exit())
