import { createLatchkey, hmacSha256 } from '@latchkey/core'
import { answer } from '../lib/child.js'
import { expect } from '../lib/expect.js'
import { readingStore } from '../lib/reading-store.js'

/** Bytes per cached token: on V8's heap, and outside of it. */
export interface MemoryAnswers {
  readonly measure: { readonly heap: number; readonly external: number }
}

const count = Number(process.argv[2])
const store = readingStore()
const hasher = hmacSha256({ keys: { bench: Buffer.alloc(32, 1) }, current: 'bench' })

answer<MemoryAnswers>({
  async measure() {
    const tokens = await issueDifferent()
    const before = await afterGc()
    // Without last uses: they are written into the records, which are the store's.
    const cache = { max: count, ttl: 3_600_000 }
    const latchkey = createLatchkey({ store, hasher, cache, lastUsed: false })
    for (const token of tokens) expect((await latchkey.verify(token)).ok, 'a good token is let in')
    const after = await afterGc()
    expect(latchkey.stats().cachedTokens === count, 'every token is cached')
    expect(
      tokens.every((token) => latchkey.verifyCached(token)?.ok === true),
      'every proof is cached',
    )
    return { heap: (after.heap - before.heap) / count, external: (after.external - before.external) / count }
  },
})

/** Tokens with names and owners of their own and three scopes, as hosts have them. */
async function issueDifferent(): Promise<string[]> {
  const issuer = createLatchkey({ store, hasher })
  const scopes = ['reports.read', 'reports.write', 'metrics.ingest']
  const tokens: string[] = []
  for (let i = 0; i < count; i++) {
    const owner = `owner-${Math.floor(i / 10)}@example.com`
    const { token } = await issuer.create({ owner, name: `Nightly export ${i}`, scopes })
    // Made of one piece, as it would come in a request; else that would happen later, and be measured.
    tokens.push(Buffer.from(token).toString())
  }
  await issuer.close()
  return tokens
}

async function afterGc(): Promise<{ heap: number; external: number }> {
  // What is only finalised by a collection goes with the next.
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external } = process.memoryUsage()
  return { heap: heapUsed, external }
}
