// One node of the soak: does what its parent asks, until the parent is gone.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { argon2id, createLatchkey, LatchkeyError, RequestError } from '@latchkey/core'
import { startHost } from './host.js'
import { fill, openStore } from './node-store.js'
import { type Answer, type Call, type Holdings, monotonic, type NodeSettings, TTL } from './protocol.js'

const settings = JSON.parse(process.argv[2] ?? '') as NodeSettings
let { offset } = settings
const store = openStore(settings.store)
const latchkey = createLatchkey({
  store,
  hasher: argon2id({ memory: settings.memory, passes: 1 }),
  cache: { ttl: TTL },
  lastUsed: { flushInterval: 500 },
  now: () => Math.floor(settings.epoch + monotonic()) + offset,
})
const host = await startHost(settings.framework, latchkey)

async function answer(call: Call): Promise<Answer> {
  switch (call.do) {
    case 'verify': {
      const verdict = await latchkey.verify(call.token, { scopes: call.scopes })
      return { outcome: verdict.ok ? 'in' : verdict.denial.reason }
    }
    case 'create': {
      const { scopes, expiresAt, owner = 'soak' } = call
      const { id, token } = await latchkey.create({
        name: 'soak',
        owner,
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
    case 'fill':
      await fill(store, call.count)
      return { done: true }
    case 'holdings':
      return { holdings: await holdings(call.collect) }
  }
}

async function holdings(collect: boolean): Promise<Holdings> {
  // Objects with finalizers go with the collection after the next.
  for (let i = 0; collect && i < 3; i++) {
    globalThis.gc?.()
    await nextTurn()
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  const { proofs, pendingUses } = latchkey.stats()
  return {
    memory: { resident: rss / 2 ** 20, inUse: (heapUsed + external) / 2 ** 20 },
    connections: await host.connections(),
    proofs: proofs.running + proofs.waiting,
    uses: pendingUses,
    errors: host.errors,
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
process.send?.({ port: host.port })
