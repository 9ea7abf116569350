// Tells which tokens nobody used for 90 days. From a checkout:
// npm run build && node examples/dist/expiry/unused.js tokens.db 2026-11-30
import { type ApiToken, createLatchkey, type Latchkey } from '@latchkey/core'
import { sqliteStore } from '@latchkey/store-sqlite'

const MAX_IDLE = 90 * 86_400_000

/** Tokens that work and were last used more than 90 days ago, or never used and created before. Oldest first. */
export async function* unusedTokens(latchkey: Latchkey, now: number): AsyncGenerator<ApiToken> {
  const unusedSince = now - MAX_IDLE
  let page = await latchkey.list({ enabled: true, unusedSince, sort: 'createdAt' })
  for (;;) {
    for (const token of page.tokens) {
      if (token.expiresAt === undefined || token.expiresAt > now) yield token
    }
    if (page.nextCursor === undefined) break
    page = await latchkey.list({ cursor: page.nextCursor })
  }
}

if (process.argv[1] === import.meta.filename) {
  const [path = 'tokens.db', time] = process.argv.slice(2)
  const store = sqliteStore({ path })
  const latchkey = createLatchkey({ prefix: 'acme', store })
  const now = time === undefined ? Date.now() : Date.parse(time)
  for await (const { id, name, owner, lastUsedAt } of unusedTokens(latchkey, now)) {
    const lastUse = lastUsedAt === undefined ? 'never' : new Date(lastUsedAt).toISOString()
    console.log(JSON.stringify({ id, name, owner, lastUse }))
  }
  await latchkey.close()
  await store.close()
}
