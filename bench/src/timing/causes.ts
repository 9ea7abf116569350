import { createLatchkey, hmacSha256, memoryData, memoryStore } from '@latchkey/core'
import { tokenId, tokenRecord } from '@latchkey/testkit'
import { forgedSecret, forgedToken, idOf, mistyped } from '../lib/forge.js'
import { issue } from '../lib/issue.js'
import type { Cause } from './sample.js'

/** The same as `wrong-secret`, with other tokens: what differs among them is where they lie in memory. */
export const CONTROLS = ['wrong-secret-2', 'wrong-secret-3', 'wrong-secret-4'] as const

/** How many tokens of each kind are asked for in turn. */
const KNOWN = 100

/**
 * Every 401 that is given for a token, each with tokens of its own; those called `-first` with an id that this instance
 * has never heard of. Right secrets are proven beforehand: a first proof is slow, but only their holders can have one.
 */
export async function causes(samples: number): Promise<{ all: Cause[]; close(): Promise<void> }> {
  const hasher = hmacSha256({ keys: { bench: Buffer.alloc(32, 1) }, current: 'bench' })
  const data = memoryData()
  let clock = Date.now()
  const latchkey = createLatchkey({
    store: memoryStore(data),
    hasher,
    cache: { ttl: 3_600_000, max: 4 * samples + 10_000 },
    now: () => clock,
    ownerScopes: async (owner) => (owner === 'gone' ? undefined : ['*']),
  })

  // A kind of its own for every cause: an entry that two of them ask for is nearer in the processor's caches.
  const alive = () => many(() => issue(latchkey))
  const disable = async (tokens: string[]) => {
    for (const token of tokens) await latchkey.update(idOf(token), { enabled: false })
    return tokens
  }
  const expiring = () => many(() => issue(latchkey, { expiresAt: clock + 1_000 }))
  const living = [await alive(), await alive(), await alive(), await alive(), await alive()]
  const disabled = [await disable(await alive()), await disable(await alive())]
  const expired = [await expiring(), await expiring()]
  const retired = await alive()
  const orphaned = await many(() => issue(latchkey, { owner: 'gone', personal: true }))
  for (const token of retired) await latchkey.rotate(idOf(token))
  clock += 2_000
  for (const tokens of [...living, ...disabled, ...expired, retired, orphaned]) {
    for (const token of tokens) await latchkey.verify(token)
  }

  const environment = await memoryStore(data).open('default')
  const unasked: string[] = []
  for (let i = 0; i < samples; i++) {
    const id = tokenId()
    await environment.insert(tokenRecord({ id }))
    unasked.push(forgedSecret(id))
  }
  const unknown = Array.from({ length: KNOWN }, () => forgedToken())
  for (const token of unknown) await latchkey.verify(token)

  const wrong = (tokens: readonly string[] = []) => tokens.map((token) => forgedSecret(idOf(token)))
  const fresh = Array.from({ length: samples }, () => forgedToken())
  const cause = (name: string, reason: Cause['reason'], tokens: readonly string[] = []): Cause => ({
    name,
    latchkey,
    reason,
    token: (i) => tokens[i % tokens.length] ?? '',
  })
  const all = [
    cause(
      'junk',
      'malformed',
      Array.from({ length: KNOWN }, () => `${forgedToken().slice(0, -1)}!!`),
    ),
    cause(
      'checksum',
      'malformed',
      Array.from({ length: KNOWN }, () => mistyped(forgedToken())),
    ),
    cause('checksum-of-known', 'wrong_secret', wrong(living[4]).map(mistyped)),
    cause('unknown-first', 'unknown', fresh),
    cause('unknown', 'unknown', unknown),
    cause('wrong-secret-first', 'wrong_secret', unasked),
    cause('wrong-secret', 'wrong_secret', wrong(living[0])),
    ...CONTROLS.map((name, i) => cause(name, 'wrong_secret', wrong(living[1 + i]))),
    cause('disabled-wrong-secret', 'wrong_secret', wrong(disabled[1])),
    cause('expired-wrong-secret', 'wrong_secret', wrong(expired[1])),
    cause('retired-secret', 'wrong_secret', retired),
    cause('disabled', 'disabled', disabled[0]),
    cause('expired', 'expired', expired[0]),
    cause('owner-unknown', 'owner_unknown', orphaned),
  ]
  return { all, close: () => latchkey.close() }
}

async function many(make: () => Promise<string>): Promise<string[]> {
  const made: string[] = []
  while (made.length < KNOWN) made.push(await make())
  return made
}
