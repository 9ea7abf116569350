import { createLatchkey, memoryData, memoryStore } from '@latchkey/core'
import { tokenId, tokenRecord } from '@latchkey/testkit'
import { FAST_HASHER, forgedSecret, forgedToken, idOf, issue, LONG_CACHE, mistyped } from '../harness/tokens.js'
import type { Cause } from './sample.js'

/** The same as `wrong-secret`, with other tokens: they differ only by where they lie in memory. */
export const CONTROLS = ['wrong-secret-2', 'wrong-secret-3', 'wrong-secret-4'] as const

/** How many tokens of each cause are used in turn. */
const TOKENS = 100
const EXPIRES_IN = 1_000

/**
 * Every cause of a 401 for a token, each with tokens of its own: shared cache entries would be nearer in the processor's
 * caches. `-first`: this instance has never seen the id. Right secrets are proven beforehand, since a slow first proof needs
 * a right secret.
 */
export async function createCauses(samples: number): Promise<{ causes: Cause[]; close(): Promise<void> }> {
  const data = memoryData()
  let clock = Date.now()
  const latchkey = createLatchkey({
    store: memoryStore(data),
    hasher: FAST_HASHER,
    cache: { ...LONG_CACHE, max: 4 * samples + 10_000 },
    now: () => clock,
    ownerScopes: async (owner) => (owner === 'gone' ? undefined : ['*']),
  })

  async function disabled(): Promise<string[]> {
    const tokens = await many(() => issue(latchkey))
    for (const token of tokens) await latchkey.update(idOf(token), { enabled: false })
    return tokens
  }
  const enabled = () => many(() => issue(latchkey))
  const expiring = () => many(() => issue(latchkey, { expiresAt: clock + EXPIRES_IN }))
  const wrongSecrets = (tokens: readonly string[]) => tokens.map((token) => forgedSecret(idOf(token)))

  const tokens = {
    enabled: await enabled(),
    mistyped: await enabled(),
    retired: await enabled(),
    disabled: await disabled(),
    disabledToo: await disabled(),
    expired: await expiring(),
    expiredToo: await expiring(),
    orphaned: await many(() => issue(latchkey, { owner: 'gone', personal: true })),
  }
  const controls = await Promise.all(CONTROLS.map(enabled))
  for (const token of tokens.retired) await latchkey.rotate(idOf(token))
  clock += 2 * EXPIRES_IN
  const unknown = Array.from({ length: TOKENS }, forgedToken)
  for (const token of [...Object.values(tokens), ...controls, unknown].flat()) await latchkey.verify(token)

  const environment = await memoryStore(data).open('default')
  const neverSeen = Array.from({ length: samples }, () => tokenId())
  for (const id of neverSeen) await environment.insert(tokenRecord({ id }))

  const cause = (name: string, reason: Cause['reason'], used: readonly string[]): Cause => ({
    ...{ name, latchkey, reason, tokens: used },
  })
  const junk = Array.from({ length: TOKENS }, () => `${forgedToken().slice(0, -1)}!!`)
  const causes = [
    cause('junk', 'malformed', junk),
    cause('checksum', 'malformed', Array.from({ length: TOKENS }, forgedToken).map(mistyped)),
    cause('checksum-of-known', 'wrong_secret', wrongSecrets(tokens.mistyped).map(mistyped)),
    cause('unknown-first', 'unknown', Array.from({ length: samples }, forgedToken)),
    cause('unknown', 'unknown', unknown),
    cause('wrong-secret-first', 'wrong_secret', neverSeen.map(forgedSecret)),
    cause('wrong-secret', 'wrong_secret', wrongSecrets(tokens.enabled)),
    ...CONTROLS.map((name, i) => cause(name, 'wrong_secret', wrongSecrets(controls[i] ?? []))),
    cause('disabled-wrong-secret', 'wrong_secret', wrongSecrets(tokens.disabledToo)),
    cause('expired-wrong-secret', 'wrong_secret', wrongSecrets(tokens.expiredToo)),
    cause('retired-secret', 'wrong_secret', tokens.retired),
    cause('disabled', 'disabled', tokens.disabled),
    cause('expired', 'expired', tokens.expired),
    cause('owner-unknown', 'owner_unknown', tokens.orphaned),
  ]
  return { causes, close: () => latchkey.close() }
}

async function many(create: () => Promise<string>): Promise<string[]> {
  const created: string[] = []
  while (created.length < TOKENS) created.push(await create())
  return created
}
