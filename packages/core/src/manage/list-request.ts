import { compact } from '../compact.js'
import { quoted, shown, type Violation } from '../errors.js'
import { isObject, isStringList } from '../option-checks.js'
import { type CursorSeal, openCursor } from '../query/cursor.js'
import type { ListFilter, ListSort, SortKey } from '../store/token-store.js'
import { invalidInput } from './check-input.js'

/** The first page of a list. */
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
  /** Any JSON value. It is carried along in the cursors, and returned with each page. */
  readonly view?: unknown
}

/** A later page. */
export interface NextRequest {
  /** The `nextCursor` of the page before, unaltered. Filter and sort are in it. */
  readonly cursor: string
  /** Another page size from here on. */
  readonly limit?: number | undefined
}

/** A list under way, and where its next page begins: what a cursor holds. */
export interface Listing {
  readonly filter: ListFilter
  readonly sort: ListSort
  readonly limit: number
  /** Absent before the first page. */
  readonly total?: number
  /** Where the store resumes. Absent before the first page. */
  readonly next?: string
  /** The owner whose tokens alone the first caller could see. */
  readonly bound: string | null
  readonly view?: unknown
}

const DEFAULT_LIMIT = 200
const MAX_LIMIT = 10_000
const SORT_KEYS: readonly SortKey[] = ['name', 'lastUsedAt', 'createdAt', 'expiresAt', 'modifiedAt']

/**
 * Checks a request, and fills in its defaults. `bound`: the owner that a personal caller is bound to.
 * Throws `ERR_INVALID_INPUT`, also for a cursor that is altered, or of another data set or caller.
 */
export function readListRequest(request: ListRequest | NextRequest, seal: CursorSeal, bound: string | null): Listing {
  if (!isObject(request)) throw invalidInput([{ path: '', message: 'Must be an object.' }])
  return 'cursor' in request && request.cursor !== undefined
    ? resume(request, seal, bound)
    : begin(request as ListRequest, bound)
}

/** What each member of a request must be. A misspelt or mistyped filter would list other tokens than those meant. */
const MEMBERS: Readonly<Record<keyof ListRequest, (value: unknown) => string | undefined>> = {
  owner: (value) => (typeof value === 'string' ? undefined : 'must be a string'),
  personal: (value) => (typeof value === 'boolean' ? undefined : 'must be true or false'),
  scopes: (value) => (isStringList(value) ? undefined : 'must be a list of strings'),
  usedFrom: timeProblem,
  usedTo: timeProblem,
  sort: (value) => (SORT_KEYS.some((key) => key === value) ? undefined : `must be one of ${SORT_KEYS.join(', ')}`),
  direction: (value) => (value === 'asc' || value === 'desc' ? undefined : 'must be asc or desc'),
  limit: (value) => (isLimit(value) ? undefined : `must be a whole number from 1 to ${MAX_LIMIT}`),
  view: () => undefined,
}

function memberViolations(request: object, known: readonly string[]): Violation[] {
  return Object.entries(request).flatMap(([path, value]) => {
    if (!known.includes(path))
      return [{ path: shown(path), message: `is not a member of a list request: ${known.join(', ')}` }]
    const problem = value === undefined ? undefined : MEMBERS[path as keyof ListRequest]?.(value)
    return problem === undefined ? [] : [{ path, message: `${problem}, not ${quoted(value)}` }]
  })
}

function timeProblem(value: unknown): string | undefined {
  return Number.isFinite(value) ? undefined : 'must be a time in epoch milliseconds'
}

function isLimit(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_LIMIT
}

function begin({ view, ...request }: ListRequest, bound: string | null): Listing {
  const violations = memberViolations(request, Object.keys(MEMBERS))
  if (violations.length > 0) throw invalidInput(violations)
  const { owner, personal, scopes = [], usedFrom, usedTo, sort: by = 'createdAt' } = request
  if (usedFrom !== undefined && usedTo !== undefined && usedFrom > usedTo) {
    throw invalidInput([{ path: 'usedFrom', message: 'must not be later than usedTo' }])
  }
  const lastUsed = compact({ from: usedFrom, to: usedTo })
  return {
    filter: compact({
      owner,
      personal,
      scopes: scopes.length > 0 ? scopes : undefined,
      lastUsed: Object.keys(lastUsed).length > 0 ? lastUsed : undefined,
    }),
    sort: { by, direction: request.direction ?? (request.sort === undefined ? 'desc' : 'asc') },
    limit: request.limit ?? DEFAULT_LIMIT,
    bound,
    view,
  }
}

function resume({ cursor, ...rest }: NextRequest, seal: CursorSeal, bound: string | null): Listing {
  if (typeof cursor !== 'string') throw invalidInput([{ path: 'cursor', message: 'must be a string' }])
  const violations = memberViolations(rest, ['limit'])
  if (violations.length > 0) throw invalidInput(violations)
  const opened = openCursor<Listing>(cursor, seal)
  if (!opened.ok) throw invalidInput([{ path: 'cursor', message: opened.error }])
  // One caller's list cannot go on as another's: its total and its position would be wrong.
  if (opened.value.bound !== bound) {
    throw invalidInput([{ path: 'cursor', message: 'belongs to the list of another caller' }])
  }
  return { ...opened.value, limit: rest.limit ?? opened.value.limit }
}
