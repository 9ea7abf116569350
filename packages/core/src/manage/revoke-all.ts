import { compact } from '../compact.js'
import { RequestError } from '../errors.js'
import { assertKnownOptions, assertWatchOptions } from '../option-checks.js'
import { chunksOf, settleAll } from '../store/batches.js'
import { matchesFilter } from '../store/filter.js'
import type { EnvironmentStore, ListFilter } from '../store/token-store.js'
import type { TokenRecord } from '../types.js'
import { currentCaller, type PrincipalOrHost } from './caller.js'
import type { ManageContext } from './context.js'
import { removeRecord } from './records.js'
import { notFound } from './visibility.js'

/** How a revocation of many tokens is watched and stopped. */
export interface RevokeAllOptions {
  /** Called and awaited before each 1,000 tokens are deleted, and at the end. What it throws stops the revocation. */
  readonly onProgress?: ((progress: RevokeProgress) => void | Promise<void>) | undefined
  /** Stops it. Deletions under way end first; then the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** What a revocation has done so far. */
export interface RevokeProgress {
  readonly revoked: number
  /** How many tokens still match. Tokens that are created meanwhile may be missing in it. */
  readonly remaining: number
}

/** Tokens that are read, and so held in memory, at a time. */
const BATCH_SIZE = 1_000
/** How often in a row a walk may find tokens and lose the race for each of them. */
const MAX_IDLE_WALKS = 3
/** Deletions that wait for the host's audit and for the store at the same time. */
const AT_ONCE = 32

/** Throws a `TypeError` (`ERR_OPTION`). */
export function checkRevokeOptions(options: RevokeAllOptions): void {
  assertKnownOptions('revokeAll', options, ['caller', 'ip', 'onProgress', 'signal'])
  assertWatchOptions('revokeAll', options)
}

/**
 * Deletes the tokens that match until none does, also while others create more. Keeps the token that authenticates the
 * call. A token that somebody changes meanwhile is read again; one that somebody else deletes is not counted.
 * Throws `ERR_RACE` if it finds tokens and cannot delete one, again and again, and `ERR_NOT_ALLOWED` for an owner whose
 * tokens are not the caller's to revoke, whether or not any token matches.
 */
export async function revokeAll(
  context: ManageContext,
  asked: ListFilter,
  principal: PrincipalOrHost,
  { onProgress, signal }: RevokeAllOptions = {},
): Promise<{ readonly revoked: number }> {
  return runRevocation(context, principal, async (revocation) => {
    let revoked = 0
    let idleWalks = 0
    // A walk skips what is created or changed behind it, so it is repeated until it finds nothing.
    for (let hasFound = true; hasFound; ) {
      hasFound = false
      const before = revoked
      let remaining = 0
      let next: string | undefined
      do {
        signal?.throwIfAborted()
        const batch = await readBatch(revocation, asked, next, signal)
        remaining = batch.total ?? remaining
        await onProgress?.({ revoked, remaining })
        hasFound ||= batch.records.length > 0
        revoked += await removeBatch(revocation, asked, batch.records, signal)
        remaining = Math.max(0, remaining - batch.records.length)
        next = batch.next
      } while (next !== undefined)
      idleWalks = hasFound && revoked === before ? idleWalks + 1 : 0
      if (idleWalks === MAX_IDLE_WALKS) throw lostEveryRace()
    }
    return { revoked }
  })
}

function lostEveryRace(): RequestError {
  return new RequestError('ERR_RACE', 'The tokens that match are changed faster than they can be revoked.')
}

/** As `revokeAll`, but deletes 1,000 tokens at most. Resolves to how many it deleted, and how many match after that. */
export async function revokeBatch(
  context: ManageContext,
  asked: ListFilter,
  principal: PrincipalOrHost,
  signal?: AbortSignal,
): Promise<RevokeProgress> {
  return runRevocation(context, principal, async (revocation) => {
    let batch = await readBatch(revocation, asked, undefined, signal)
    // Damaged records are left out, and must not hide those behind them.
    while (batch.records.length === 0 && batch.next !== undefined) {
      batch = await readBatch(revocation, asked, batch.next, signal)
    }
    const revoked = await removeBatch(revocation, asked, batch.records, signal)
    const { total: remaining = 0 } = await readBatch(revocation, asked, undefined, signal, 1)
    return { revoked, remaining }
  })
}

interface Revocation {
  readonly context: ManageContext
  readonly store: EnvironmentStore
  /** The caller as it is by now. Rejects if it has lost its access. */
  readonly caller: () => Promise<PrincipalOrHost>
}

/** Each token has an audit entry; the whole has one if it is refused or fails. */
async function runRevocation<T>(
  context: ManageContext,
  principal: PrincipalOrHost,
  run: (revocation: Revocation) => Promise<T>,
): Promise<T> {
  return context.audit.run('revokeAll', principal, async () => {
    return run({ context, store: await context.store(), caller: () => currentCaller(principal) })
  })
}

interface Batch {
  readonly records: readonly TokenRecord[]
  readonly next: string | undefined
  /** How many match; counted for the first batch of a walk. */
  readonly total: number | undefined
}

/** The oldest tokens that match and that the caller may revoke, or those behind `after`. */
async function readBatch(
  { store, caller }: Revocation,
  asked: ListFilter,
  after: string | undefined,
  signal: AbortSignal | undefined,
  limit = BATCH_SIZE,
): Promise<Batch> {
  const principal = await caller()
  const filter = narrowed(asked, principal)
  const own = principal?.token && (await store.find(principal.token.id))
  const sort = { by: 'createdAt', direction: 'asc' } as const
  const query = { filter, sort, limit, count: after === undefined, ...compact({ after }) }
  const { records, next, totalCount } = await store.list(query, { signal })
  const kept = own !== undefined && matchesFilter(own, filter) ? 1 : 0
  return {
    records: [...records].filter(({ id }) => id !== principal?.token?.id),
    next,
    total: totalCount && totalCount - kept,
  }
}

/** Without the admin right, only the caller's own tokens are meant. */
function narrowed(filter: ListFilter, principal: PrincipalOrHost): ListFilter {
  if (principal === undefined) return filter
  const { owner, admin, personal } = principal.grant
  if (admin && !personal) return filter
  if (filter.owner === undefined || filter.owner === owner) return { ...filter, owner }
  const violation = { path: 'owner', message: 'The caller may not act for another owner.', dimension: 'owner' }
  throw new RequestError('ERR_NOT_ALLOWED', 'The caller may revoke its own tokens only.', [violation])
}

/** Resolves to how many it deleted: of these, those that the caller may still revoke when their turn comes. */
async function removeBatch(
  revocation: Revocation,
  asked: ListFilter,
  records: readonly TokenRecord[],
  signal: AbortSignal | undefined,
): Promise<number> {
  const { context, caller } = revocation
  const principal = await caller()
  // It is much work for one caller, as a large page is.
  const release = principal && (await context.pages.enter(principal.grant.owner, Number.POSITIVE_INFINITY, signal))
  try {
    let revoked = 0
    for (const chunk of chunksOf(records, AT_ONCE)) {
      signal?.throwIfAborted()
      const current = await caller()
      const filter = narrowed(asked, current)
      const meant = chunk.filter((record) => matchesFilter(record, filter))
      const removals = await settleAll(meant.map(removerOf(revocation, current)))
      revoked += removals.filter(Boolean).length
    }
    return revoked
  } finally {
    release?.()
  }
}

/** Deletes a token, and resolves to whether it did: somebody else may have been faster. */
function removerOf(
  { context, store }: Revocation,
  principal: PrincipalOrHost,
): (record: TokenRecord) => Promise<boolean> {
  // Authorized with its chunk, not once more for each token: that may be a question to the host.
  const authorized = principal && { ...principal, reauthorize: undefined }
  return async ({ id, owner, name, version }) => {
    try {
      await context.audit.run('revokeAll', authorized, async (trail) => {
        trail.concerns({ id, owner, name })
        await trail.beforeWrite()
        // Only at this version: what was changed meanwhile may not match any more.
        if (!(await removeRecord(context, store, id, principal, version))) throw notFound()
      })
    } catch (error) {
      if (error instanceof RequestError && (error.code === 'ERR_NOT_FOUND' || error.code === 'ERR_RACE')) return false
      throw error
    }
    return true
  }
}
