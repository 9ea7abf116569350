import { optionError } from './errors.js'
import { observed, publish } from './events.js'
import type { Latchkey } from './instance.js'
import { setInternals } from './internals.js'
import type { ManageContext } from './manage/context.js'

import { inputSchemas } from './manage/schemas.js'
import { managementCalls } from './management.js'
import type { LatchkeyOptions, ManagementScopes } from './options.js'
import { createProofQueue } from './secret/proof-queue.js'
import { createProver } from './secret/prover.js'
import { readOptions } from './settings.js'
import { createOpener } from './store/opener.js'
import type { ChangeEvent } from './store/token-store.js'
import { tokenFormat } from './token/format.js'
import type { Verdict, VerifyContext } from './types.js'
import { createTokenCache } from './verify/cache.js'
import { createClock } from './verify/clock.js'
import { explain } from './verify/explain.js'
import { createLoader } from './verify/loader.js'
import { createUsageWriter } from './verify/usage.js'
import { createVerifier } from './verify/verifier.js'

/**
 * Wires the parts into an instance. Makes no I/O: the store is opened on first need, or by `ready()`.
 * Throws a `TypeError` (`ERR_OPTION`) for misused options.
 */
export function createLatchkey<
  const Scopes extends Readonly<Record<string, string>> = Readonly<Record<string, string>>,
  const Management extends ManagementScopes = { readonly read: 'apiTokens.read'; readonly write: 'apiTokens.write' },
>(
  options: LatchkeyOptions<Scopes, Management>,
): Latchkey<(keyof Scopes & string) | Management['read'] | Management['write']> {
  const settings = readOptions(options)
  const { environment, cache: cacheSettings, now, ownerScopes, lastUsed, retention } = settings
  const { ttl, staleIfError } = cacheSettings
  const clock = createClock(now)
  let lagging = false

  const opener = createOpener(settings.store, environment, onChange)
  const format = tokenFormat(settings.prefix)
  const cache = createTokenCache(cacheSettings.max, format.idLength)
  const loader = createLoader(opener.open, cache, { clock, ttl, ownerScopes })
  const proofs = createProofQueue()
  const prover = createProver(settings.hasher, settings.acceptHashers, proofs)
  const usage = createUsageWriter(opener.open, {
    environment,
    interval: lastUsed === false ? 10_000 : lastUsed.flushInterval,
    uses: lastUsed !== false,
  })
  const verifier = createVerifier({ format, cache, loader, prover, usage, clock, environment, ttl, staleIfError })
  const declaredScopes = settings.scopes && [...settings.scopes.keys()]
  const context: ManageContext = {
    environment,
    store: opener.open,
    format,
    prover,
    loader,
    verifier,
    schemas: inputSchemas({ now, declaredScopes, maxLifetime: settings.maxLifetime }),
    now,
    maxLifetime: settings.maxLifetime,
  }
  const purgeTimer =
    settings.purgeInterval === undefined
      ? undefined
      : // A failure was published by the store's observer; the next round tries again.
        setInterval(() => void purge().catch(() => undefined), settings.purgeInterval).unref()

  function onChange(event: ChangeEvent): void {
    if (event === 'lagging' || event === 'live') {
      lagging = event === 'lagging'
      publish('lagging', { environment, lagging })
      return
    }
    const ids = event === 'reset' ? 'all' : event.ids
    loader.invalidate(ids)
    publish('invalidated', { environment, ids })
  }

  /** As the verifier's, and times what the cache cannot answer. */
  async function timedVerify(token: string, ask: VerifyContext): Promise<Verdict> {
    const cached = verifier.verifyCached(token, ask)
    if (cached !== undefined) return cached
    const started = performance.now()
    try {
      return await verifier.verify(token, ask)
    } finally {
      publish('cache-miss', { environment, duration: performance.now() - started })
    }
  }

  async function purge(expiredBefore?: number): Promise<number> {
    const before = expiredBefore ?? (retention === undefined ? undefined : now() - retention)
    if (before === undefined) throw optionError('purge', 'needs a time, or the option retention')
    if (!(Number.isFinite(before) && before <= now())) {
      throw optionError('purge', 'needs a time that is not in the future')
    }
    const store = await opener.open()
    return store.purge(before)
  }

  const latchkey: Latchkey = {
    environment,
    verifyCached: (token, ask = ANYTHING) => verifier.verifyCached(token, ask),
    verify: (token, ask = ANYTHING) => (observed('cache-miss') ? timedVerify(token, ask) : verifier.verify(token, ask)),
    ...managementCalls(context),
    purge,
    explain: (request) => explain({ format, loader, verifier, now }, request),
    forgetOwner: (owner) => loader.forgetOwner(owner),
    stats: () => ({
      verified: verifier.counts.verified,
      denied: verifier.counts.denied,
      cacheHits: verifier.counts.hits,
      cachedTokens: cache.size,
      storeReads: loader.reads,
      proofs: proofs.stats(),
      pendingUses: usage.pending,
      lagging,
    }),
    ready: async () => void (await opener.open()),
    flush: () => usage.flush(),
    async close() {
      clearInterval(purgeTimer)
      usage.stop()
      try {
        await usage.flush()
      } finally {
        const closed = opener.close()
        // From here on nothing can be read again, so nothing may be answered from the cache either.
        loader.invalidate('all')
        await closed
      }
    },
  }
  setInternals(latchkey, { settings, context, verifier, clock })
  return latchkey
}

const ANYTHING: VerifyContext = {}
