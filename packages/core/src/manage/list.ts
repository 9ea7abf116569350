import { compact } from '../compact.js'
import { sealCursor } from '../query/cursor.js'
import type { EnvironmentStore, ListPage, ListQuery } from '../store/token-store.js'
import { inSlices } from '../time-slices.js'
import { publicView } from '../token/record.js'
import type { ApiToken, TokenRecord } from '../types.js'
import type { PrincipalOrHost } from './caller.js'
import type { ManageContext } from './context.js'
import { type Listing, type ListRequest, type NextRequest, readListRequest } from './list-request.js'
import type { Release } from './page-queue.js'

/** What `list` resolves to. */
export interface TokenPage {
  readonly tokens: readonly ApiToken[]
  /** Opaque; absent on the last page. */
  readonly nextCursor?: string
  /** Of the whole list, counted when it began. */
  readonly totalCount: number
  readonly limit: number
  readonly view?: unknown
}

/** A page whose tokens are still to be read, in chunks: see `inSlices`. */
export interface OpenPage extends Omit<TokenPage, 'tokens'> {
  readonly chunks: AsyncIterable<readonly ApiToken[]>
  /** To be called when the page is not in memory any more. */
  readonly release: Release
}

/**
 * One page of tokens. A personal caller sees those of its owner. While tokens come and go, a walk from page to page
 * skips and repeats none that stays; exempt are those whose own sort value changed meanwhile.
 * Throws `ERR_INVALID_INPUT`, also for a cursor that is altered, or of another data set or caller.
 */
export async function listTokens(
  context: ManageContext,
  request: ListRequest | NextRequest,
  principal: PrincipalOrHost,
): Promise<TokenPage> {
  const { chunks, release, ...page } = await openPage(context, request, principal)
  try {
    const tokens: ApiToken[] = []
    for await (const chunk of chunks) tokens.push(...chunk)
    return { tokens, ...page }
  } finally {
    release()
  }
}

/** As `listTokens`, with the tokens in chunks. Rejects with the signal's reason once its client is gone. */
export async function openPage(
  context: ManageContext,
  request: ListRequest | NextRequest,
  principal: PrincipalOrHost,
  signal?: AbortSignal,
): Promise<OpenPage> {
  return context.audit.run('list', principal, async () => {
    const store = await context.store()
    const listing = readListRequest(request, store, principal?.grant.personal === true ? principal.grant.owner : null)
    const { limit, view } = listing
    const release = principal === undefined ? none : await context.pages.enter(principal.grant.owner, limit, signal)
    try {
      const page = await readPage(store, listing, signal)
      signal?.throwIfAborted()
      const totalCount = listing.total ?? page.totalCount ?? 0
      const position = page.next === undefined ? undefined : { ...listing, total: totalCount, next: page.next }
      return {
        chunks: publicViews(page.records, context.now(), signal),
        ...compact({ nextCursor: position && sealCursor(position, store), view }),
        totalCount,
        limit,
        release,
      }
    } catch (error) {
      release()
      throw error
    }
  })
}

async function readPage(
  store: EnvironmentStore,
  { filter, sort, limit, next, bound }: Listing,
  signal: AbortSignal | undefined,
): Promise<ListPage> {
  // A personal caller that asks for another owner's tokens.
  if (bound !== null && (filter.owner ?? bound) !== bound) return { records: [], totalCount: 0 }
  const query: ListQuery = {
    filter: bound === null ? filter : { ...filter, owner: bound },
    sort,
    limit,
    count: next === undefined,
    ...compact({ after: next }),
  }
  return store.list(query, { signal })
}

function none(): void {}

async function* publicViews(
  records: Iterable<TokenRecord>,
  now: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ApiToken[]> {
  for await (const chunk of inSlices(records)) {
    signal?.throwIfAborted()
    yield chunk.map((record) => publicView(record, now))
  }
}
