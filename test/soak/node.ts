// One node of the soak: does what its parent asks, until the parent is gone.
import { argon2id, createLatchkey, LatchkeyError, memoryStore, RequestError, type TokenStore } from '@latchkey/core'
import { nodeRedis, redisStore } from '@latchkey/store-redis'
import { sqliteStore } from '@latchkey/store-sqlite'
import { createClient } from 'redis'
import { type Answer, type Call, monotonic, type NodeSettings, TTL } from './protocol.js'

/** Opens what `NodeSettings.store` names. */
async function openStore(name: string): Promise<TokenStore> {
  const [kind, place = ''] = name.split(/:(.*)/s)
  if (kind === 'sqlite') return sqliteStore({ path: place })
  if (kind === 'redis') return redis(Number(place))
  return memoryStore()
}

async function redis(port: number): Promise<TokenStore> {
  const client = createClient({
    disableOfflineQueue: true,
    socket: { host: '127.0.0.1', port, reconnectStrategy: (attempts) => Math.min(20 * attempts, 250) },
  })
  // Every call that fails says so itself.
  client.on('error', () => undefined)
  // A node may be started while the server is away: it connects when the server is back.
  client.connect().catch(() => undefined)
  return redisStore({ client: nodeRedis(client) })
}

const settings = JSON.parse(process.argv[2] ?? '') as NodeSettings
let { offset } = settings
const latchkey = createLatchkey({
  store: await openStore(settings.store),
  hasher: argon2id({ memory: settings.memory, passes: 1 }),
  cache: { ttl: TTL },
  lastUsed: { flushInterval: 500 },
  now: () => Math.floor(settings.epoch + monotonic()) + offset,
})

async function answer(call: Call): Promise<Answer> {
  switch (call.do) {
    case 'verify': {
      const verdict = await latchkey.verify(call.token, { scopes: call.scopes })
      return { outcome: verdict.ok ? 'in' : verdict.denial.reason }
    }
    case 'create': {
      const { scopes, expiresAt } = call
      const { id, token } = await latchkey.create({
        name: 'soak',
        owner: 'soak',
        scopes,
        ...(expiresAt !== undefined && { expiresAt }),
      })
      return { id, token }
    }
    case 'rotate': {
      const { id, token } = await latchkey.rotate(call.id, call.input)
      return { id, token }
    }
    case 'update':
      await latchkey.update(call.id, call.input)
      return { done: true }
    case 'finish':
      await latchkey.finishRotation(call.id)
      return { done: true }
    case 'cancel':
      await latchkey.cancelRotation(call.id)
      return { done: true }
    case 'delete':
      await latchkey.delete(call.id)
      return { done: true }
    case 'revoke':
      return { done: await latchkey.revoke(call.token) }
    case 'step':
      offset = call.offset
      return { done: true }
  }
}

function failure(error: unknown): Answer {
  if (!(error instanceof LatchkeyError)) return { error: String(error), sure: false }
  return { error: error.code, sure: error instanceof RequestError }
}

process.on('message', ({ n, call }: { n: number; call: Call }) => {
  answer(call)
    .catch(failure)
    .then((result) => process.send?.({ n, answer: result }))
    .catch(() => process.exit(1))
})
process.once('disconnect', () => process.exit())
process.send?.({ n: -1 })
