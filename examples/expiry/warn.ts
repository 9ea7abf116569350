// Tells which tokens expire in 14 days, in 7 days and tomorrow. Run it once a day, from a checkout:
// npm run build && node examples/dist/expiry/warn.js tokens.db 2026-11-30
import { type ApiToken, createLatchkey, type Latchkey } from '@latchkey/core'
import { sqliteStore } from '@latchkey/store-sqlite'

const DAY = 86_400_000
const DAYS_AHEAD = [14, 7, 1]

export interface Warning {
  readonly days: number
  readonly token: ApiToken
}

/** The warnings of the day (in UTC) that `at` belongs to. Each token is warned of once for each threshold. */
export async function* warningsOf(latchkey: Latchkey, at: number): AsyncGenerator<Warning> {
  const today = at - (at % DAY)
  for (const days of DAYS_AHEAD) {
    const from = today + days * DAY
    // The last millisecond before tomorrow's `from`.
    const to = from + DAY - 1
    let page = await latchkey.list({ enabled: true, expires: { from, to }, sort: 'expiresAt' })
    for (;;) {
      for (const token of page.tokens) yield { days, token }
      if (page.nextCursor === undefined) break
      page = await latchkey.list({ cursor: page.nextCursor })
    }
  }
}

if (process.argv[1] === import.meta.filename) {
  const [path = 'tokens.db', day] = process.argv.slice(2)
  const store = sqliteStore({ path })
  const latchkey = createLatchkey({ prefix: 'acme', store })
  for await (const { days, token } of warningsOf(latchkey, day === undefined ? Date.now() : Date.parse(day))) {
    const { id, name, owner, expiresAt = 0 } = token
    console.log(JSON.stringify({ days, id, name, owner, expiresAt: new Date(expiresAt).toISOString() }))
  }
  await latchkey.close()
  await store.close()
}
