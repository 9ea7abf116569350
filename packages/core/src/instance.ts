import { optionError } from './errors.js'
import type { OnBehalf } from './manage/caller.js'
import type { ManageContext } from './manage/context.js'
import type { IssuedToken } from './manage/create.js'
import type { CreateInput, RotateInput, UpdateInput } from './manage/inputs.js'
import type { TokenPage } from './manage/list.js'
import type { ListRequest, NextRequest } from './manage/list-request.js'
import type { Settings } from './settings.js'
import type { ApiToken, Verdict, VerifyContext } from './types.js'
import type { Clock } from './verify/clock.js'
import type { ExplainRequest, Explanation } from './verify/explain.js'
import type { Verifier } from './verify/verifier.js'

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
   * violation, or `ERR_NOT_ALLOWED` when it would grant more than the caller has.
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
  readonly clock: Clock
}

const internals = new WeakMap<object, Internals>()

/** Makes an instance known to the HTTP layer. */
export function keepInternals(latchkey: Latchkey, kept: Internals): void {
  internals.set(latchkey, kept)
}

export function internalsOf(latchkey: Latchkey): Internals {
  const found = internals.get(latchkey)
  if (found === undefined) throw optionError('latchkey', 'must be an instance made by createLatchkey')
  return found
}
