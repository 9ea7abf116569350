import type { OnBehalf } from './manage/caller.js'
import type { IssuedToken } from './manage/create.js'
import type { ImportOptions, ImportResult } from './manage/import.js'
import type { ImportRow } from './manage/import-row.js'
import type { CreateInput, RotateInput, UpdateInput } from './manage/inputs.js'
import type { TokenPage } from './manage/list.js'
import type { ListRequest, NextRequest, TokenFilter } from './manage/list-request.js'
import type { RevokeAllOptions } from './manage/revoke-all.js'
import type { Scanner } from './token/scan-rules.js'
import type { ApiToken, Verdict, VerifyContext } from './types.js'
import type { ExplainRequest, Explanation } from './verify/explain.js'

/**
 * An instance serves one environment of one store. Calls that need the store reject with `StoreError` while it cannot
 * answer; a write that rejects so may have been done, so read the token before you try again. They reject with `UnavailableError` (`ERR_CLOSED`) after `close()`. Management calls that cannot be carried out
 * reject with `RequestError`, and nothing is written (except by `revokeAll`, which deletes one token after another).
 */
export interface Latchkey<Scope extends string = string> {
  /** The option of that name. */
  readonly environment: string
  /**
   * Checks whether this token may do this, from this address. Accepts any text. A denial is a value. An error
   * (`StoreError`, `UnavailableError`) means that Latchkey cannot decide now, so let nobody in. Notes the use; it is written
   * later.
   *
   * Does not check whether `ip` is the client's, nor whether `scopes` are declared.
   *
   * @example
   * const verdict = await latchkey.verify(token, { scopes: ['reports.read'], ip: request.socket.remoteAddress })
   * if (!verdict.ok) return deny(verdict.denial.reason)
   * console.log(verdict.token.owner)
   */
  verify(token: string, context?: VerifyContext<Scope>): Promise<Verdict>
  /**
   * Like `verify`, without a promise: returns `undefined` if the answer needs the store or a check of the hash.
   *
   * @example
   * const verdict = latchkey.verifyCached(token) ?? (await latchkey.verify(token))
   */
  verifyCached(token: string, context?: VerifyContext<Scope>): Verdict | undefined
  /**
   * Creates a token. Only this result contains its secret. Rejects with `ERR_INVALID_INPUT`, naming every violation,
   * and with `ERR_NOT_ALLOWED` if the token would grant more than the caller has.
   *
   * @example
   * const { id, token } = await latchkey.create({
   *   name: 'Nightly export',
   *   owner: 'ada',
   *   scopes: ['reports.read'],
   *   expiresAt: 'now+90d',
   * })
   */
  create(input: CreateInput, options?: OnBehalf): Promise<IssuedToken>
  /**
   * Like `create`, if the environment has no token yet; otherwise resolves to `undefined`. If several nodes call it at
   * the same moment, one of them gets the token.
   *
   * @example
   * const first = await latchkey.createFirst({ name: 'admin', owner: 'admin', scopes: ['*'] })
   * if (first !== undefined) console.log(`Keep this token: ${first.token}`)
   */
  createFirst(input: CreateInput, options?: OnBehalf): Promise<IssuedToken | undefined>
  /**
   * The metadata of a token, also of a disabled or expired one. Rejects with `ERR_NOT_FOUND`.
   *
   * @example
   * const { owner, lastUsedAt } = await latchkey.get(id)
   */
  get(id: string, options?: OnBehalf): Promise<ApiToken>
  /**
   * A page of tokens, with a cursor for the next one. While tokens come and go, a walk through the pages repeats none,
   * and skips none that stays. Rejects with `ERR_INVALID_INPUT`, also for a cursor that was changed.
   *
   * @example
   * let page = await latchkey.list({ owner: 'ada', sort: 'name' })
   * while (page.nextCursor !== undefined) page = await latchkey.list({ cursor: page.nextCursor })
   */
  list(request?: ListRequest | NextRequest, options?: OnBehalf): Promise<TokenPage>
  /**
   * Changes the given members and resolves to the changed token. On this node the change takes effect at once. What the
   * change adds must be within what the caller has. Rejects with `ERR_INVALID_INPUT`, `ERR_NOT_FOUND`,
   * `ERR_NOT_ALLOWED`, `ERR_RACE`.
   *
   * @example
   * await latchkey.update(id, { enabled: false })
   */
  update(id: string, input: UpdateInput, options?: OnBehalf): Promise<ApiToken>
  /**
   * Deletes a token for good, by its id or by the whole token. With the previous secret of a rotation, ends only that
   * secret. Rejects with `ERR_NOT_FOUND`, and for a whole token with `ERR_RACE`.
   *
   * @example
   * await latchkey.delete(id)
   */
  delete(idOrToken: string, options?: OnBehalf): Promise<void>
  /**
   * Gives a token a new secret; its id stays. Without `previousExpiresAt` every older secret stops working now. Rejects
   * with `ERR_INVALID_INPUT`, `ERR_NOT_FOUND`, `ERR_NOT_ALLOWED`, `ERR_RACE`, and with `ERR_STATE` for a token that is
   * disabled or expired, or if an overlap is asked for while another runs.
   *
   * @example
   * const { token } = await latchkey.rotate(id, { previousExpiresAt: 'now+7d' })
   */
  rotate(id: string, input?: RotateInput, options?: OnBehalf): Promise<IssuedToken>
  /**
   * Ends an overlap: the previous secret stops working now. Rejects with `ERR_NOT_FOUND`, `ERR_RACE`, and with
   * `ERR_STATE` if none runs.
   *
   * @example
   * await latchkey.finishRotation(id)
   */
  finishRotation(id: string, options?: OnBehalf): Promise<ApiToken>
  /**
   * Undoes a rotation during its overlap: the new secret stops working now, and the previous one is current again.
   * Rejects with `ERR_NOT_FOUND`, `ERR_NOT_ALLOWED`, `ERR_RACE`, and with `ERR_STATE` if none runs.
   *
   * @example
   * await latchkey.cancelRotation(id)
   */
  cancelRotation(id: string, options?: OnBehalf): Promise<ApiToken>
  /**
   * The metadata of the token with this secret, also of a disabled or expired one. Rejects with `ERR_NOT_FOUND`.
   *
   * @example
   * const { id, owner } = await latchkey.lookup(token)
   */
  lookup(token: string, options?: OnBehalf): Promise<ApiToken>
  /**
   * Deletes the token with this secret. With the previous secret of a rotation, ends only that secret. Resolves to
   * whether there was one.
   *
   * @example
   * const wasThere = await latchkey.revoke(token)
   */
  revoke(token: string, options?: OnBehalf): Promise<boolean>
  /**
   * Deletes every token that matches, until none is left, even if others create more meanwhile. Resolves to how many it
   * deleted. Each one has an audit entry. A filter without a member, or with an empty list or text, is refused
   * (`ERR_INVALID_INPUT`).
   *
   * A caller needs `apiTokens.write`. Without the admin right it can revoke only its own tokens: another `owner` is
   * refused (`ERR_NOT_ALLOWED`), and without `owner` only its own tokens match.
   *
   * If its signal, a failure or a lost race (`ERR_RACE`) stops it, it rejects, and what it deleted stays deleted. Call
   * it again to go on.
   *
   * @example
   * const { revoked } = await latchkey.revokeAll({ owner: 'ada' })
   */
  revokeAll(filter: TokenFilter, options?: OnBehalf & RevokeAllOptions): Promise<{ readonly revoked: number }>
  /**
   * Imports keys that another system made, so that their holders can go on using them. Each becomes a token like any
   * other, and `rotate` gives it a secret of Latchkey's own format. The option `foreign` describes the keys. Bypasses
   * every check of a caller: any owner and any declared scope can be given.
   *
   * A row that breaks rules is rejected, and changes nothing. A key that exists already is skipped, so you can run a
   * stopped import again. A key that was deleted meanwhile is imported again: leave it out of the rows. Rejects with
   * `StoreError`, and with `UnavailableError` (`ERR_AUDIT`) if `onAudit` fails.
   *
   * @example
   * const { imported, skipped, rejected } = await latchkey.importTokens([
   *   { name: 'Nightly export', owner: 'ada', scopes: ['reports.read'], sha256: row.keyHash },
   * ])
   */
  importTokens(rows: Iterable<ImportRow> | AsyncIterable<ImportRow>, options?: ImportOptions): Promise<ImportResult>
  /**
   * Removes the tokens that expired before a past time, in epoch milliseconds, and resolves to how many. Default:
   * `retention` ago. Rejects with a `TypeError` (`ERR_OPTION`) for a time in the future, and without a time where
   * there is no `retention`.
   *
   * @example
   * const removed = await latchkey.purge(Date.now() - 30 * 86_400_000)
   */
  purge(expiredBefore?: number): Promise<number>
  /**
   * Every check of a verification with its outcome, for support work. Reads the store, and does not count as a use.
   * Without `caller`, the result says more than a caller may know. With one, rejects with `ERR_NOT_FOUND` for a token
   * that is unknown or that the caller may not see.
   *
   * @example
   * const { allowed, checks } = await latchkey.explain({ id, ip: '192.0.2.1', scopes: ['reports.read'] })
   */
  explain(request: ExplainRequest, options?: OnBehalf): Promise<Explanation>
  /**
   * Forgets what `ownerScopes` returned for an owner. It is asked again on the next use, on this node.
   *
   * @example
   * latchkey.forgetOwner('ada')
   */
  forgetOwner(owner: string): void
  /**
   * The text with every token, and every key of the formats in `foreign`, masked: for loggers. The id of a token stays.
   * It takes as long as the patterns of the formats take.
   *
   * @example
   * logger.error(latchkey.redact(`upstream answered 400 to ${request.url}`))
   */
  redact(text: string): string
  /**
   * Rules with which a secret scanner finds the tokens of this instance, and keys of the formats in `foreign`: TOML for
   * the configuration of gitleaks, YAML for that of trufflehog. Throws a `TypeError` (`ERR_OPTION`) for a format that
   * the scanner cannot search: one with lookarounds, and for trufflehog one without a fixed beginning.
   *
   * @example
   * await writeFile('.gitleaks.toml', `[extend]\nuseDefault = true\n\n${latchkey.scanRules('gitleaks')}`)
   */
  scanRules(scanner: Scanner): string
  /**
   * What this instance did and what waits now. Takes microseconds, and up to some milliseconds with a full cache.
   *
   * @example
   * const { verified, denied, cachedTokens } = latchkey.stats()
   */
  stats(): Stats
  /**
   * Opens the store now instead of on first need.
   *
   * @example
   * await latchkey.ready()
   */
  ready(): Promise<void>
  /**
   * Asks the store whether it answers and resolves to the duration in milliseconds, for readiness checks. Rejects with
   * `StoreError` if the store does not answer within its own deadline, and with `UnavailableError` after `close()`. On
   * Redis it asks every shard, so it rejects while one master of a Cluster is down.
   *
   * @example
   * app.get('/ready', async (_req, res) => {
   *   const isUp = await latchkey.ping().then(() => true, () => false)
   *   res.sendStatus(isUp ? 204 : 503)
   * })
   */
  ping(): Promise<number>
  /**
   * Writes the last uses and replaced hashes that are still in memory. If it rejects (`StoreError`), the next flush
   * tries again.
   *
   * @example
   * await latchkey.flush()
   */
  flush(): Promise<void>
  /**
   * Flushes, stops watching the store and refuses further calls. The store stays open, because it is the host's.
   * Rejects with `StoreError` if the flush fails; the instance is closed anyway.
   *
   * @example
   * await latchkey.close()
   * await store.close()
   */
  close(): Promise<void>
}

/** What an instance did since it was made, and what waits now. */
export interface Stats {
  /** Verifications that let a token in. */
  readonly verified: number
  /** Verifications that refused one. */
  readonly denied: number
  /** Verdicts on right secrets that took neither the store nor a proof. */
  readonly cacheHits: number
  /** Tokens in memory whose secret is proven. */
  readonly cachedTokens: number
  /**
   * Stored hashes of the tokens in memory by kind, and by key where there are keys: `{ argon2id: 7, 'hmac-sha256:k1': 2
   * }`. A hash that no hasher here can check counts too. A key may go when the instances that have run for long do not
   * name it.
   */
  readonly hashes: Readonly<Record<string, number>>
  /**
   * Tokens in memory that are foreign keys, by the name of their format: those that were used of late and are still to
   * be rotated. A list says it of every token.
   */
  readonly foreign: Readonly<Record<string, number>>
  /** Records read from the store for verification. */
  readonly storeReads: number
  /** Slow checks and computations of hashes: running and waiting now, done so far, and refused because too many waited. */
  readonly proofs: {
    readonly running: number
    readonly waiting: number
    readonly done: number
    readonly refused: number
  }
  /** Last uses and replaced hashes that wait to be written. */
  readonly pendingUses: number
  /** The store said that changes by other nodes may be late. */
  readonly lagging: boolean
}
