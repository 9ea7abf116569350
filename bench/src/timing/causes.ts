import { createLatchkey, hmacSha256, memoryData, memoryStore } from '@latchkey/core'
import { tokenId, tokenRecord } from '@latchkey/testkit'
import { forgedSecret, forgedToken, idOf, mistyped } from '../lib/forge.js'
import { issue } from '../lib/issue.js'
import type { Cause } from './sample.js'

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

  const living = await many(() => issue(latchkey))
  const disabled = await many(() => issue(latchkey))
  for (const token of disabled) await latchkey.update(idOf(token), { enabled: false })
  const expired = await many(() => issue(latchkey, { expiresAt: clock + 1_000 }))
  clock += 2_000
  const orphaned = await many(() => issue(latchkey, { owner: 'gone', personal: true }))
  const retired = await many(() => issue(latchkey))
  for (const token of retired) await latchkey.rotate(idOf(token))
  for (const token of [...living, ...disabled, ...expired, ...orphaned, ...retired]) await latchkey.verify(token)

  const environment = await memoryStore(data).open('default')
  const unasked: string[] = []
  for (let i = 0; i < samples; i++) {
    const id = tokenId()
    await environment.insert(tokenRecord({ id }))
    unasked.push(forgedSecret(id))
  }
  const unknown = Array.from({ length: KNOWN }, () => forgedToken())
  for (const token of unknown) await latchkey.verify(token)

  const wrong = (tokens: readonly string[]) => tokens.map((token) => forgedSecret(idOf(token)))
  const fresh = Array.from({ length: samples }, () => forgedToken())
  const cause = (name: string, reason: Cause['reason'], tokens: readonly string[]): Cause => ({
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
    cause('checksum-of-known', 'wrong_secret', wrong(living).map(mistyped)),
    cause('unknown-first', 'unknown', fresh),
    cause('unknown', 'unknown', unknown),
    cause('wrong-secret-first', 'wrong_secret', unasked),
    cause('wrong-secret', 'wrong_secret', wrong(living)),
    cause('wrong-secret-again', 'wrong_secret', wrong(living)),
    cause('disabled-wrong-secret', 'wrong_secret', wrong(disabled)),
    cause('expired-wrong-secret', 'wrong_secret', wrong(expired)),
    cause('retired-secret', 'wrong_secret', retired),
    cause('disabled', 'disabled', disabled),
    cause('expired', 'expired', expired),
    cause('owner-unknown', 'owner_unknown', orphaned),
  ]
  return { all, close: () => latchkey.close() }
}

async function many(make: () => Promise<string>): Promise<string[]> {
  const made: string[] = []
  while (made.length < KNOWN) made.push(await make())
  return made
}
