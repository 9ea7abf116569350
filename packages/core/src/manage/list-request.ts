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
  readonly enabled?: boolean | undefined
  /** Tokens that hold any one of these literal strings; wildcards are not expanded. */
  readonly scopes?: readonly string[] | undefined
  /** When it was last used. A token never used is in no range. */
  readonly lastUsed?: RequestedRange | undefined
  /** When it expires. A token that never expires is in no range. */
  readonly expires?: RequestedRange | undefined
  /** When it was created. */
  readonly created?: RequestedRange | undefined
  /** Tokens whose last use, or else whose creation, lies before this time, in epoch milliseconds. */
  readonly unusedSince?: number | undefined
  /** Default `createdAt`. */
  readonly sort?: SortKey | undefined
  /** Default `desc` without a `sort`, else `asc`. */
  readonly direction?: 'asc' | 'desc' | undefined
  /** 1 to 10,000. Default 200. */
  readonly limit?: number | undefined
  /** Any JSON value. It is carried along in the cursors, and returned with each page. */
  readonly view?: unknown
}

/** Which tokens are meant: those that match every member. */
export type TokenFilter = Omit<ListRequest, 'sort' | 'direction' | 'limit' | 'view'>

/** From when to when, in epoch milliseconds, both included. At least one of the two. */
export interface RequestedRange {
  readonly from?: number | undefined
  readonly to?: number | undefined
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
  owner: (value) => problem(typeof value === 'string', 'must be a string', value),
  personal: flagProblem,
  enabled: flagProblem,
  scopes: (value) => problem(isStringList(value), 'must be a list of strings', value),
  lastUsed: rangeProblem,
  expires: rangeProblem,
  created: rangeProblem,
  unusedSince: timeProblem,
  sort: (value) =>
    problem(
      SORT_KEYS.some((key) => key === value),
      `must be one of ${SORT_KEYS.join(', ')}`,
      value,
    ),
  direction: (value) => problem(value === 'asc' || value === 'desc', 'must be asc or desc', value),
  limit: (value) => problem(isLimit(value), `must be a whole number from 1 to ${MAX_LIMIT}`, value),
  view: () => undefined,
}

const FILTER_MEMBERS = Object.keys(MEMBERS).filter((name) => !['sort', 'direction', 'limit', 'view'].includes(name))

function problem(isRight: boolean, rule: string, value: unknown): string | undefined {
  return isRight ? undefined : `${rule}, not ${quoted(value)}`
}

function memberViolations(request: object, known: readonly string[]): Violation[] {
  return Object.entries(request).flatMap(([path, value]) => {
    if (!known.includes(path))
      return [{ path: shown(path), message: `is not a member of a list request: ${known.join(', ')}` }]
    const message = value === undefined ? undefined : MEMBERS[path as keyof ListRequest]?.(value)
    return message === undefined ? [] : [{ path, message }]
  })
}

function flagProblem(value: unknown): string | undefined {
  return problem(typeof value === 'boolean', 'must be true or false', value)
}

function timeProblem(value: unknown): string | undefined {
  return problem(Number.isSafeInteger(value), 'must be a time in whole epoch milliseconds', value)
}

/** A range without ends would list everything where a part was meant. */
function rangeProblem(value: unknown): string | undefined {
  if (!isObject(value)) return problem(false, 'must be a range { from, to }', value)
  const { from, to, ...others } = value as Readonly<Record<string, unknown>>
  const [other] = Object.keys(others)
  if (other !== undefined) return `takes from and to, not ${shown(other)}`
  if (from === undefined && to === undefined) return 'needs from, to, or both'
  const wrong = [from, to].find((time) => time !== undefined && timeProblem(time) !== undefined)
  if (wrong !== undefined) return timeProblem(wrong)
  return Number(from) > Number(to) ? 'must not begin later than it ends' : undefined
}

function isLimit(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_LIMIT
}

function begin({ view, ...request }: ListRequest, bound: string | null): Listing {
  const violations = memberViolations(request, Object.keys(MEMBERS))
  if (violations.length > 0) throw invalidInput(violations)
  const { sort: by = 'createdAt' } = request
  return {
    filter: listFilter(request),
    sort: { by, direction: request.direction ?? (request.sort === undefined ? 'desc' : 'asc') },
    limit: request.limit ?? DEFAULT_LIMIT,
    bound,
    view,
  }
}

/** A checked filter in the words of the stores. */
function listFilter({ owner, personal, enabled, scopes = [], unusedSince, ...ranges }: TokenFilter): ListFilter {
  return compact({
    owner,
    personal,
    enabled,
    unusedSince,
    scopes: scopes.length > 0 ? scopes : undefined,
    lastUsed: ranges.lastUsed && compact(ranges.lastUsed),
    expires: ranges.expires && compact(ranges.expires),
    created: ranges.created && compact(ranges.created),
  })
}

/**
 * Checks a filter that names what will be deleted, so it must name something: it has a member, and no empty text or
 * list. Throws `ERR_INVALID_INPUT`.
 */
export function readRevokeFilter(filter: TokenFilter): ListFilter {
  if (!isObject(filter)) throw invalidInput([{ path: '', message: 'Must be an object.' }])
  const given = compact(filter)
  const violations = memberViolations(given, FILTER_MEMBERS)
  if (given.owner === '') violations.push({ path: 'owner', message: 'must not be empty' })
  const { scopes } = given
  if (Array.isArray(scopes) && (scopes.length === 0 || scopes.includes(''))) {
    violations.push({ path: 'scopes', message: 'must hold a scope, and no empty text' })
  }
  if (Object.keys(given).length === 0)
    violations.push({ path: '', message: `needs one of ${FILTER_MEMBERS.join(', ')}` })
  if (violations.length > 0) throw invalidInput(violations)
  return listFilter(given)
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
