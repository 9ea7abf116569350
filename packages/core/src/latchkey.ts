import { optionError } from './errors.js'
import { publish } from './events.js'
import { actorFromHost, type Caller, type MaybeActor } from './manage/caller.js'
import type { ManageContext } from './manage/context.js'
import { createToken, type IssuedToken } from './manage/create.js'
import { type CreateInput, inputSchemas, type RotateInput, type UpdateInput } from './manage/inputs.js'
import { type ListRequest, listTokens, type NextRequest, type TokenPage } from './manage/list.js'
import { getToken, lookupToken } from './manage/lookup.js'
import { deleteToken, revokeToken } from './manage/remove.js'
import { cancelRotation, finishRotation, rotateToken } from './manage/rotate.js'
import { updateToken } from './manage/update.js'
import { type LatchkeyOptions, type ManagementScopes, readOptions, type Settings } from './options.js'
import { createProofQueue } from './secret/proof-queue.js'
import { createProver } from './secret/prover.js'
import { createOpener } from './store/opener.js'
import type { ChangeEvent } from './store/token-store.js'
import { tokenFormat } from './token/format.js'
import type { ApiToken, Verdict, VerifyContext } from './types.js'
import { createTokenCache } from './verify/cache.js'
import { createClock } from './verify/clock.js'
import { type ExplainRequest, type Explanation, explain } from './verify/explain.js'
import { createLoader } from './verify/loader.js'
import { createUsageWriter } from './verify/usage.js'
import { createVerifier, type Verifier } from './verify/verifier.js'

/** On whose behalf an in-process call is made. Absent: the host's own, which is not judged. */
export interface OnBehalf {
  readonly caller?: Caller
}

/** What this instance did since it was made. */
export interface Stats {
  /** Uses let in, and refused. */
  readonly verified: number
  readonly denied: number
  /** Verdicts that took neither the store nor a proof. */
  readonly cacheHits: number
  /** Tokens in memory now. */
  readonly cachedTokens: number
  /** Records read from the store, one each time. */
  readonly storeReads: number
  /** Slow hashes now running and waiting, done so far, and refused because too many waited. */
  readonly proofs: {
    readonly running: number
    readonly waiting: number
    readonly done: number
    readonly refused: number
  }
  /** Last uses and re-hashes not written yet. */
  readonly pendingUses: number
  /** The store said that changes by other nodes may be late. */
  readonly lagging: boolean
}

/**
 * One instance serves one environment of one store. Calls that reach the store reject with `StoreError` when it cannot
 * answer; management calls reject with `RequestError` for what cannot be done as asked.
 */
export interface Latchkey<Scope extends string = string> {
  /** As `verify`, without a promise: `undefined` when the answer takes the store or a proof. */
  verifyCached(token: string, context?: VerifyContext<Scope>): Verdict | undefined
  /**
   * May this token do this, from this address? Any text may be asked about. Refusals are values; a `StoreError` or an
   * `UnavailableError` means that there is no verdict now, so nobody may be let in. Notes the use, and writes nothing.
   */
  verify(token: string, context?: VerifyContext<Scope>): Promise<Verdict>
  /**
   * Makes a token; its secret is in this answer alone. Rejects with `RequestError`: `ERR_INVALID_INPUT` with every
   * violation, or `ERR_NOT_ALLOWED` when it would be more than the caller.
   */
  create(input: CreateInput, options?: OnBehalf): Promise<IssuedToken>
  /** A token's metadata, disabled and expired ones too. Rejects with `ERR_NOT_FOUND`. */
  get(id: string, options?: OnBehalf): Promise<ApiToken>
  /**
   * A page of tokens. While tokens come and go, a walk from page to page skips and repeats none that stays. Rejects with
   * `ERR_INVALID_INPUT`, also for a cursor that was altered.
   */
  list(request?: ListRequest | NextRequest, options?: OnBehalf): Promise<TokenPage>
  /**
   * Changes what is given, and resolves to the token as it is then; this node goes by it at once. A caller is judged by
   * what the change adds. Rejects with `ERR_INVALID_INPUT`, `ERR_NOT_FOUND`, `ERR_NOT_ALLOWED`, `ERR_RACE`.
   */
  update(id: string, input: UpdateInput, options?: OnBehalf): Promise<ApiToken>
  /** Deletes for good, by id or by the whole token. Rejects with `ERR_NOT_FOUND`. */
  delete(idOrToken: string, options?: OnBehalf): Promise<void>
  /**
   * Gives a token a new secret; its id stays. Without `previousExpiresAt` every older secret dies now. Rejects with
   * `ERR_INVALID_INPUT`, `ERR_NOT_FOUND`, `ERR_NOT_ALLOWED`, `ERR_RACE`, and `ERR_STATE` for a token that is disabled or
   * expired, or when an overlap is asked for while another runs.
   */
  rotate(id: string, input?: RotateInput, options?: OnBehalf): Promise<IssuedToken>
  /** Ends an overlap: the previous secret dies now. Rejects with `ERR_NOT_FOUND`, `ERR_STATE` if none runs, `ERR_RACE`. */
  finishRotation(id: string, options?: OnBehalf): Promise<ApiToken>
  /**
   * Takes a rotation back during its overlap: the new secret dies now, the previous one is current again. Rejects with
   * `ERR_NOT_FOUND`, `ERR_NOT_ALLOWED`, `ERR_STATE` if none runs, `ERR_RACE`.
   */
  cancelRotation(id: string, options?: OnBehalf): Promise<ApiToken>
  /** The metadata of the token whose secret this is, disabled and expired ones too. Rejects with `ERR_NOT_FOUND`. */
  lookup(token: string, options?: OnBehalf): Promise<ApiToken>
  /** Deletes the token whose secret this is; resolves to whether there was one. */
  revoke(token: string, options?: OnBehalf): Promise<boolean>
  /** Removes tokens that expired before the given, past time (default: `retention` ago), and says how many. */
  purge(expiredBefore?: number): Promise<number>
  /** Every check of a verification with its outcome, for support work. Reads the store, and counts no use. */
  explain(request: ExplainRequest): Promise<Explanation>
  /** Forgets what `ownerScopes` said of an owner, on this node, at once. */
  forgetOwner(owner: string): void
  /** Counters since the instance was made, and what waits now. Costs nothing worth mentioning. */
  stats(): Stats
  /** Opens the store now instead of on first need. */
  ready(): Promise<void>
  /** Writes the last uses noted so far. Rejects with `StoreError`; they are kept for the next flush then. */
  flush(): Promise<void>
  /** Flushes, stops watching, refuses further calls. The store stays open: it is the host's. */
  close(): Promise<void>
  /** The option of that name. */
  readonly environment: string
}

/** What the HTTP layer needs beyond the public methods. */
export interface Internals {
  readonly settings: Settings
  readonly context: ManageContext
  readonly verifier: Verifier
}

const internals = new WeakMap<object, Internals>()

export function internalsOf(latchkey: Latchkey): Internals {
  const found = internals.get(latchkey)
  if (found === undefined) throw optionError('latchkey', 'must be an instance made by createLatchkey')
  return found
}

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
  const cache = createTokenCache(cacheSettings.max)
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
    if (event === 'reset') loader.invalidate('all')
    else if (typeof event === 'object') loader.invalidate(event.ids)
    else {
      lagging = event === 'lagging'
      publish('lagging', { environment, lagging })
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

  function actor(onBehalf: OnBehalf = {}): MaybeActor {
    return 'caller' in onBehalf ? actorFromHost(onBehalf.caller, environment) : undefined
  }

  const latchkey: Latchkey = {
    environment,
    verifyCached: (token, ask = ANYTHING) => verifier.verifyCached(token, ask),
    verify: (token, ask = ANYTHING) => verifier.verify(token, ask),
    create: async (input, options) => createToken(context, input, actor(options)),
    get: async (id, options) => getToken(context, id, actor(options)),
    list: async (request = {}, options) => listTokens(context, request, actor(options)),
    update: async (id, input, options) => updateToken(context, id, input, actor(options)),
    delete: async (idOrToken, options) => deleteToken(context, idOrToken, actor(options)),
    rotate: async (id, input = {}, options) => rotateToken(context, id, input, actor(options)),
    finishRotation: async (id, options) => finishRotation(context, id, actor(options)),
    cancelRotation: async (id, options) => cancelRotation(context, id, actor(options)),
    lookup: async (token, options) => lookupToken(context, token, actor(options)),
    revoke: async (token, options) => revokeToken(context, token, actor(options)),
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
  internals.set(latchkey, { settings, context, verifier })
  return latchkey
}

const ANYTHING: VerifyContext = {}
