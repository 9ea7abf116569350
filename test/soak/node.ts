import { argon2id, createLatchkey, LatchkeyError, RequestError } from '@latchkey/core'
import type { Answer, Call, NodeSettings } from './protocol.js'
import { TTL } from './protocol.js'
import { openStore } from './stores.js'
import { monotonic } from './time.js'

// One node of the soak: does what its parent asks, until the parent is gone.

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
