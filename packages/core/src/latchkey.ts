import type { Latchkey } from './instance.js'
import { setInternals } from './internals.js'
import { createAudit } from './manage/audit.js'
import type { ManageContext } from './manage/context.js'
import { importTokens } from './manage/import.js'
import { createPageQueue } from './manage/page-queue.js'
import { createPurge, purgeRegularly } from './manage/purge.js'
import { inputSchemas } from './manage/schemas.js'
import { managementCalls } from './management.js'
import type { LatchkeyOptions } from './options.js'
import { FOREIGN_HASHERS } from './secret/foreign-hashes.js'
import { createProofQueue, sumOf } from './secret/proof-queue.js'
import { createProver } from './secret/prover.js'
import { readOptions } from './settings.js'
import { createOpener } from './store/opener.js'
import { foreignId } from './token/foreign.js'
import { tokenFormat } from './token/format.js'
import { createRedact } from './token/redact.js'
import { scanRules } from './token/scan-rules.js'
import type { ManagementScopeNames, ManagementScopes, StandardManagementScopes } from './types.js'
import { createTokenCache } from './verify/cache.js'
import { createChangeHandler } from './verify/changes.js'
import { checkContext } from './verify/check-context.js'
import { createClock } from './verify/clock.js'
import type { ForeignIds } from './verify/identify.js'
import { createLoader } from './verify/loader.js'
import { createReporter } from './verify/reporter.js'
import { createVerifier } from './verify/verifier.js'
import { createWriteBehind } from './verify/write-behind.js'

/** New secrets that one caller may have hashed at a time. */
const MAX_HASHES_PER_CALLER = 50
/** Slow hashes that anybody can cause who knows the name of a foreign key: one at a time, few in line for each key. */
const GUESSES = { concurrency: 1, maxWaiting: 20, maxPerCaller: 2 }

/**
 * Makes an instance: it verifies and manages the tokens of one environment of one store. Makes no I/O: the store is
 * opened on first need, or by `ready()`. Close the instance before the process ends.
 *
 * Throws a `TypeError` (`ERR_OPTION`) that names the option if one is missing, misspelt or out of range.
 *
 * @example
 * const latchkey = createLatchkey({
 *   store: memoryStore(),
 *   prefix: 'acme',
 *   scopes: { 'reports.read': 'Read reports' },
 * })
 * const { token } = await latchkey.create({ name: 'Nightly export', owner: 'ada', scopes: ['reports.read'] })
 * const verdict = await latchkey.verify(token, { scopes: ['reports.read'] })
 */
export function createLatchkey<
  const Scopes extends Readonly<Record<string, string>> = Readonly<Record<string, string>>,
  const Management extends Partial<ManagementScopes> = StandardManagementScopes,
>(options: LatchkeyOptions<Scopes, Management>): Latchkey<(keyof Scopes & string) | ManagementScopeNames<Management>> {
  const settings = readOptions(options)
  const { environment, now, foreign, maxLifetime, maxOverlap, ownerScopes, onAudit, hostTimeout } = settings
  const { max, ttl, staleIfError } = settings.cache

  const opener = createOpener(settings.store, environment, (event) => changes.handle(event))
  const store = opener.open
  const format = tokenFormat(settings.prefix, settings.acceptPrefixes)
  const clock = createClock(now)
  const cache = createTokenCache({ max, ttl, clock })
  const loader = createLoader(store, cache, { clock, ttl, ownerScopes, hostTimeout })
  const changes = createChangeHandler(environment, loader)
  const verification = createProofQueue()
  const issuance = createProofQueue({ maxPerCaller: MAX_HASHES_PER_CALLER })
  const guesses = createProofQueue(GUESSES)
  const accepted = [...settings.acceptHashers, ...(foreign.all.length > 0 ? FOREIGN_HASHERS : [])]
  const prover = createProver(settings.hasher, accepted, { verification, issuance, guesses })
  const foreignIds: ForeignIds = async ({ locator }) => {
    const { sealingKey } = await store()
    return [settings.prefix, ...settings.acceptPrefixes].map((prefix) => foreignId(prefix, sealingKey, locator))
  }
  const writeBehind = createWriteBehind(store, { environment, interval: settings.flushInterval })
  const reporter = createReporter(environment)
  const verifier = createVerifier({
    environment,
    format,
    foreign,
    foreignIds,
    cache,
    loader,
    prover,
    reporter,
    clock,
    ttl,
    staleIfError,
    usage: settings.lastUsed ? writeBehind.usage : undefined,
    rehashes: writeBehind.rehashes,
  })
  const declaredScopes = settings.scopes && [...settings.scopes.keys()]
  const schemas = inputSchemas({ now, declaredScopes, maxLifetime, maxOverlap })
  const audit = createAudit({ environment, now, onAudit, reads: settings.auditReads, hostTimeout })
  const { managementScopes, maxTokensPerOwner } = settings
  const context: ManageContext = {
    environment,
    store,
    format,
    foreign,
    foreignIds,
    prover,
    loader,
    verifier,
    schemas,
    audit,
    now,
    pages: createPageQueue(),
    rotations: new Set<string>(),
    managementScopes,
    declaredScopes,
    describedScopes: settings.scopes,
    maxLifetime,
    maxOverlap,
    maxTokensPerOwner,
  }
  const purge = createPurge(context, settings.retention)
  const stopPurging = purgeRegularly(purge, settings.purgeInterval)

  const latchkey: Latchkey = {
    environment,
    verifyCached: (token, asked) => verifier.verifyCached(token, checkContext('verifyCached', asked)),
    verify: async (token, asked) => verifier.verify(token, checkContext('verify', asked)),
    ...managementCalls(context),
    importTokens: (rows, asked) => importTokens(context, rows, asked),
    purge,
    forgetOwner: loader.forgetOwner,
    redact: createRedact(foreign.all),
    scanRules: (scanner) => scanRules(scanner, [settings.prefix, ...settings.acceptPrefixes], foreign.all),
    stats: () => ({
      ...reporter.counts,
      cacheHits: verifier.hits,
      cachedTokens: cache.size,
      hashes: cache.hashes(),
      foreign: cache.foreign(),
      storeReads: loader.reads,
      proofs: sumOf(sumOf(verification.stats(), issuance.stats()), guesses.stats()),
      pendingUses: writeBehind.pending,
      lagging: changes.lagging,
    }),
    ready: async () => void (await opener.open()),
    async ping() {
      const opened = await opener.open()
      const started = performance.now()
      await opened.ping()
      return performance.now() - started
    },
    flush: writeBehind.flush,
    async close() {
      stopPurging()
      writeBehind.stop()
      try {
        await writeBehind.flush()
      } finally {
        const closed = opener.close()
        // Nothing can be read from here on, so the cache must not answer either.
        loader.invalidate('all')
        await closed
      }
    },
  }
  setInternals(latchkey, { settings, context, verifier, clock })
  return latchkey
}
