import { argon2id, createLatchkey, memoryStore } from '@latchkey/core'
import type { TokenRecord } from '@latchkey/core/store'
import { answer } from '../harness/child.js'
import { serve } from '../harness/http.js'
import { expect, memoryInUse, watchEventLoop } from '../harness/observe.js'
import { inLanes } from '../harness/rounds.js'
import { LONG_CACHE } from '../harness/tokens.js'
import { FRAMEWORKS, type FrameworkName } from '../http/guards.js'

// The attacked server, which tells about itself.

const PROOFS = 200

const [framework = ''] = process.argv.slice(2)
const store = memoryStore()
const latchkey = createLatchkey({ store, cache: LONG_CACHE })
await latchkey.ready()
const { bare, latchkey: guarded } = FRAMEWORKS[framework as FrameworkName]
const urls = { open: await serve(await bare()), guarded: await serve(await guarded(latchkey)) }

let eventLoop = watchEventLoop()
let before = { bytes: 0, proofs: 0 }
let mostWaiting = 0
let watching: NodeJS.Timeout | undefined

const questions = {
  async urls(records: readonly TokenRecord[]) {
    const environment = await store.open('default')
    for (const record of records) await environment.insert(record)
    return urls
  },
  async begin() {
    before = { ...(await memoryInUse()), proofs: latchkey.stats().proofs.done }
    mostWaiting = 0
    watching = setInterval(() => {
      mostWaiting = Math.max(mostWaiting, latchkey.stats().proofs.waiting)
    }, 5)
    eventLoop = watchEventLoop()
  },
  /** What was observed since `begin`. */
  async end() {
    clearInterval(watching)
    const { delayP99Ms } = eventLoop.end()
    const heapGrowthMiB = ((await memoryInUse()).bytes - before.bytes) / 2 ** 20
    return { delayP99Ms, heapGrowthMiB, proofs: latchkey.stats().proofs.done - before.proofs, mostWaiting }
  },
  /** What Argon2 takes for one of many proofs when the machine does nothing else. */
  async argon2Ms() {
    const hasher = argon2id()
    const phc = await hasher.hash('a secret')
    const start = performance.now()
    await inLanes(2, Array(PROOFS).keys(), async () =>
      expect(await hasher.verify('a secret', phc), 'the secret is right'),
    )
    return (performance.now() - start) / PROOFS
  },
}
export type ServerQuestions = typeof questions
answer(questions)
