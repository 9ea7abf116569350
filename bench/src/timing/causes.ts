import { setImmediate as nextTurn } from 'node:timers/promises'
import { createLatchkey, type DenialReason, type Latchkey, memoryData, memoryStore } from '@latchkey/core'
import { tokenId, tokenRecord } from '@latchkey/testkit'
import { expect } from '../harness/observe.js'
import { FAST_HASHER, forgedSecret, forgedToken, idOf, issueMany, LONG_CACHE, mistyped } from '../harness/tokens.js'

/** The same as `wrong-secret`, with other tokens: they differ only by where they lie in memory. */
export const CONTROLS = ['wrong-secret-2', 'wrong-secret-3', 'wrong-secret-4'] as const

/** How many tokens of each cause are used in turn. */
const TOKENS = 100
const EXPIRES_IN = 1_000
/** So many samples of each cause are not counted. */
const WARM_UP = 500

/** One cause of a 401. The samples use its tokens in turn. */
type Cause = readonly [name: string, reason: DenialReason, tokens: readonly string[]]

/** Times each cause so often, in nanoseconds, in an order that is shuffled for every round. */
export async function timeCauses(samples: number): Promise<ReadonlyMap<string, readonly number[]>> {
  const { latchkey, causes } = await createCauses(samples + WARM_UP)
  const times = new Map<string, number[]>(causes.map(([name]) => [name, []]))
  for (let i = 0; i < samples + WARM_UP; i++) {
    shuffle(causes)
    // Lets the work of the round before end.
    await nextTurn()
    for (const [name, reason, tokens] of causes) {
      const token = tokens[i % tokens.length] ?? ''
      const start = process.hrtime.bigint()
      const verdict = await latchkey.verify(token)
      const ns = Number(process.hrtime.bigint() - start)
      expect(!verdict.ok && verdict.denial.reason === reason, `${name} is refused as ${reason}`)
      if (i >= WARM_UP) times.get(name)?.push(ns)
    }
  }
  await latchkey.close()
  return times
}

/**
 * Every cause of a 401 for a token, each with tokens of its own: shared cache entries would be nearer in the
 * processor's caches. `-first`: this instance has never seen the id. Right secrets are proven beforehand, since a slow
 * first proof needs a right secret.
 */
async function createCauses(samples: number): Promise<{ latchkey: Latchkey; causes: Cause[] }> {
  const data = memoryData()
  let clock = Date.now()
  const latchkey = createLatchkey({
    store: memoryStore(data),
    hasher: FAST_HASHER,
    cache: { ...LONG_CACHE, max: 4 * samples + 10_000 },
    now: () => clock,
    ownerScopes: async (owner) => (owner === 'gone' ? undefined : ['*']),
  })

  const many = (extra = {}) => issueMany(latchkey, TOKENS, extra)
  const expiring = () => many({ expiresAt: clock + EXPIRES_IN })
  async function disabled(): Promise<string[]> {
    const tokens = await many()
    for (const token of tokens) await latchkey.update(idOf(token), { enabled: false })
    return tokens
  }
  const known = {
    enabled: await many(),
    mistyped: await many(),
    retired: await many(),
    disabled: await disabled(),
    disabledToo: await disabled(),
    expired: await expiring(),
    expiredToo: await expiring(),
    orphaned: await many({ owner: 'gone', personal: true }),
  }
  const controls = await Promise.all(CONTROLS.map(() => many()))
  for (const token of known.retired) await latchkey.rotate(idOf(token))
  clock += 2 * EXPIRES_IN

  const neverIssued = (count: number) => Array.from({ length: count }, forgedToken)
  const unknown = neverIssued(TOKENS)
  for (const token of [...Object.values(known), ...controls, unknown].flat()) await latchkey.verify(token)
  const environment = await memoryStore(data).open('default')
  const neverSeen = Array.from({ length: samples }, () => tokenId())
  for (const id of neverSeen) await environment.insert(tokenRecord({ id }))

  const wrong = (tokens: readonly string[]) => tokens.map((token) => forgedSecret(idOf(token)))
  const causes: Cause[] = [
    ['junk', 'malformed', neverIssued(TOKENS).map((token) => `${token.slice(0, -1)}!!`)],
    ['checksum', 'malformed', neverIssued(TOKENS).map(mistyped)],
    ['checksum-of-known', 'wrong_secret', wrong(known.mistyped).map(mistyped)],
    ['unknown-first', 'unknown', neverIssued(samples)],
    ['unknown', 'unknown', unknown],
    ['wrong-secret-first', 'wrong_secret', neverSeen.map(forgedSecret)],
    ['wrong-secret', 'wrong_secret', wrong(known.enabled)],
    ...CONTROLS.map((name, i): Cause => [name, 'wrong_secret', wrong(controls[i] ?? [])]),
    ['disabled-wrong-secret', 'wrong_secret', wrong(known.disabledToo)],
    ['expired-wrong-secret', 'wrong_secret', wrong(known.expiredToo)],
    ['retired-secret', 'wrong_secret', known.retired],
    ['disabled', 'disabled', known.disabled],
    ['expired', 'expired', known.expired],
    ['owner-unknown', 'owner_unknown', known.orphaned],
  ]
  return { latchkey, causes }
}

function shuffle<T>(list: T[]): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[list[i], list[j]] = [list[j] as T, list[i] as T]
  }
}
