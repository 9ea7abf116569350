import { openCursor, sealCursor } from '../query/cursor.js'
import type { ListFilter, ListSort, SortKey } from '../store/token-store.js'
import { inSlices } from '../time-slices.js'
import { publicView } from '../token/record.js'
import type { ApiToken, TokenRecord } from '../types.js'
import type { MaybeActor } from './caller.js'
import { invalidInput } from './check-input.js'
import type { ManageContext } from './context.js'

/** The first page of a listing. */
export interface ListRequest {
  /** Exact and case-sensitive. */
  readonly owner?: string | undefined
  readonly personal?: boolean | undefined
  /** Tokens that hold any one of these literal strings; wildcards are not expanded. */
  readonly scopes?: readonly string[] | undefined
  /** Bounds on the last use, epoch milliseconds, both included. A token never used matches no bound. */
  readonly usedFrom?: number | undefined
  readonly usedTo?: number | undefined
  /** Default `createdAt`. */
  readonly sort?: SortKey | undefined
  /** Default `desc` without a `sort`, else `asc`. */
  readonly direction?: 'asc' | 'desc' | undefined
  /** 1 to 10,000. Default 200. */
  readonly limit?: number | undefined
  /** Anything that JSON holds: carried along in the cursors, and given back with each page. */
  readonly view?: unknown
}

/** A later page. */
export interface NextRequest {
  /** The `nextCursor` of the page before, unaltered. Filter and sort are in it. */
  readonly cursor: string
  /** Another page size from here on. */
  readonly limit?: number | undefined
}

/** What `list` resolves to. */
export interface TokenPage {
  readonly tokens: readonly ApiToken[]
  /** Opaque; absent on the last page. */
  readonly nextCursor?: string
  /** Of the whole listing, counted when it began. */
  readonly totalCount: number
  readonly limit: number
  readonly view?: unknown
}

/** A page whose tokens are yet to be read, in chunks: see `inSlices`. */
export interface OpenPage extends Omit<TokenPage, 'tokens'> {
  readonly tokens: AsyncIterable<readonly ApiToken[]>
}

/** What a cursor holds: enough to go on with the very same listing. */
interface Position {
  readonly filter: ListFilter
  readonly sort: ListSort
  readonly limit: number
  readonly total: number
  readonly next: string
  /** The owner whose tokens alone the first caller could see. */
  readonly bound: string | null
  readonly view?: unknown
}

const DEFAULT_LIMIT = 200
const MOST = 10_000
const SORT_KEYS: readonly SortKey[] = ['name', 'lastUsedAt', 'createdAt', 'expiresAt', 'modifiedAt']

/**
 * One page of tokens. A personal caller sees those of its owner. While tokens come and go, a walk from page to page
 * skips and repeats none that stays; exempt are those whose own sort value changed meanwhile.
 * Throws `RequestError` `ERR_INVALID_INPUT`, also for a cursor that is altered, or of another data set or caller.
 */
export async function listTokens(
  context: ManageContext,
  request: ListRequest | NextRequest,
  actor: MaybeActor,
): Promise<TokenPage> {
  const page = await openPage(context, request, actor)
  const tokens: ApiToken[] = []
  for await (const part of page.tokens) tokens.push(...part)
  return { ...page, tokens }
}

/** The same, for those who make something else of the tokens. */
export async function openPage(
  context: ManageContext,
  request: ListRequest | NextRequest,
  actor: MaybeActor,
): Promise<OpenPage> {
  const store = await context.store()
  const bound = actor?.power.personal === true ? actor.power.owner : null
  const listing = 'cursor' in request ? resume(request, store, bound) : begin(request)
  const { filter, sort, limit, next, view } = listing
  const first = next === undefined
  const page = isEmpty(filter, bound)
    ? { records: [], totalCount: 0 }
    : await store.list({
        filter: bound === null ? filter : { ...filter, owner: bound },
        sort,
        limit,
        count: first,
        ...(next !== undefined && { after: next }),
      })
  const totalCount = listing.total ?? page.totalCount ?? 0
  const position: Position | undefined =
    page.next === undefined ? undefined : { filter, sort, limit, total: totalCount, next: page.next, bound, view }
  return {
    tokens: views(page.records, context.now()),
    ...(position !== undefined && { nextCursor: sealCursor(position, store) }),
    totalCount,
    limit,
    ...(view !== undefined && { view }),
  }
}

async function* views(records: Iterable<TokenRecord>, now: number): AsyncGenerator<ApiToken[]> {
  for await (const part of inSlices(records)) yield part.map((record) => publicView(record, now))
}

type Listing = Omit<Position, 'bound' | 'total' | 'next'> & Partial<Pick<Position, 'total' | 'next'>>

function begin(request: ListRequest): Listing {
  const { owner, personal, scopes, usedFrom, usedTo, view } = request
  const limit = checkedLimit(request.limit ?? DEFAULT_LIMIT)
  const by = request.sort ?? 'createdAt'
  if (!SORT_KEYS.includes(by)) {
    throw invalidInput([{ path: 'sort', message: `must be one of ${SORT_KEYS.join(', ')}` }])
  }
  if (usedFrom !== undefined && usedTo !== undefined && usedFrom > usedTo) {
    throw invalidInput([{ path: 'usedFrom', message: 'must not be later than usedTo' }])
  }
  const lastUsed = { ...(usedFrom !== undefined && { from: usedFrom }), ...(usedTo !== undefined && { to: usedTo }) }
  return {
    filter: {
      ...(owner !== undefined && { owner }),
      ...(personal !== undefined && { personal }),
      ...(scopes !== undefined && scopes.length > 0 && { scopes }),
      ...(Object.keys(lastUsed).length > 0 && { lastUsed }),
    },
    sort: { by, direction: request.direction ?? (request.sort === undefined ? 'desc' : 'asc') },
    limit,
    view,
  }
}

function resume(
  { cursor, limit }: NextRequest,
  seal: { dataset: string; sealingKey: Uint8Array },
  bound: string | null,
): Listing {
  const opened = openCursor<Position>(cursor, seal)
  if (!opened.ok) throw invalidInput([{ path: 'cursor', message: opened.error }])
  // A page of one caller's view must not be continued in another's: its total and its place would be wrong.
  if (opened.value.bound !== bound) {
    throw invalidInput([{ path: 'cursor', message: 'belongs to the listing of another caller' }])
  }
  return limit === undefined ? opened.value : { ...opened.value, limit: checkedLimit(limit) }
}

function checkedLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST) return limit
  throw invalidInput([{ path: 'limit', message: `must be a whole number from 1 to ${MOST}` }])
}

/** A personal caller that asks for somebody else's tokens. */
function isEmpty(filter: ListFilter, bound: string | null): boolean {
  return bound !== null && filter.owner !== undefined && filter.owner !== bound
}
