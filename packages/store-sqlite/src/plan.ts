import type { ListSort } from '@latchkey/core/store'
import type { Database } from './database.js'
import { rangeSize } from './estimate.js'
import type { Filter, Tally } from './filter.js'

/** The column of each sort; its index is `token_by_` and the same. */
export const SORT_COLUMNS = {
  name: 'name',
  lastUsedAt: 'used',
  createdAt: 'created',
  expiresAt: 'expires',
  modifiedAt: 'modified',
} as const

/**
 * How the matching rows are found.
 * - `walk`: along an index in the order of the sort, past what does not match, until the page is full.
 * - `gather`: all that an index selects, tested against the other criteria, then sorted.
 */
export type Access = { kind: 'walk'; by: 'sort' | 'owner' } | { kind: 'gather'; by: 'owner' | 'scopes' | 'used' }

/** What to count along; `all` of the environment. */
export type CountAccess = 'all' | 'owner' | 'scopes' | 'used'

// Measured costs in microseconds: of passing an index entry, of one that is wide (those of last uses and of owners are) or whose
// day is looked at, of looking up the row behind it, and of sorting it in.
const ENTRY = 0.07
const WIDE_ENTRY = 0.11
const LOOKUP = 1.6
const SORT = 0.12

/** Chooses by the exact numbers that the tallies give, as if criteria were independent of each other. */
export function planPage(db: Database, filter: Filter, sort: ListSort, limit: number): Access {
  const { owner, scopes, used } = filter
  const byUse = sort.by === 'lastUsedAt'
  if (byUse && !owner && !scopes && filter.personal === undefined) return { kind: 'walk', by: 'sort' }
  const n = Math.max(filter.all.tokens, 1)
  const facets = personalShare(filter) * scopeShare(filter)
  const ofOwner = ownerShare(filter)
  const { within, edges } = rangeSize(db, filter)
  const ranged = within / n
  /** What a walk over so many passes until the page is full, when rows are looked up where the day does not tell. */
  const walk = (tokens: number, share: number) =>
    Math.min(tokens, limit / (share * ranged)) * ((used ? WIDE_ENTRY : ENTRY) + share * (edges / n) * LOOKUP)
  /** The same where the range bounds the walk. */
  const walkRange = (tokens: number, share: number, entry: number) => Math.min(tokens * ranged, limit / share) * entry

  const options: [cost: number, access: Access][] = [
    [byUse ? walkRange(n, ofOwner * facets, WIDE_ENTRY) : walk(n, ofOwner * facets), { kind: 'walk', by: 'sort' }],
  ]
  if (owner) {
    const { tokens } = owner
    if (byUse) options.push([walkRange(tokens, facets, WIDE_ENTRY), { kind: 'walk', by: 'owner' }])
    options.push([tokens * ranged * (WIDE_ENTRY + facets * SORT), { kind: 'gather', by: 'owner' }])
  }
  if (scopes) options.push([holders(filter) * (2 * ENTRY + LOOKUP + SORT), { kind: 'gather', by: 'scopes' }])
  if (used) options.push([n * ranged * (WIDE_ENTRY + ofOwner * facets * SORT), { kind: 'gather', by: 'used' }])
  return cheapest(options)
}

export function planCount(db: Database, filter: Filter): CountAccess {
  const { all, owner, scopes, used } = filter
  if (used && !owner && !scopes) return 'used'
  const ranged = rangeSize(db, filter).within
  const options: [cost: number, along: CountAccess][] = used
    ? [[ranged * WIDE_ENTRY, 'used']]
    : [[all.tokens * ENTRY, 'all']]
  if (owner) options.push([ranged * ownerShare(filter) * WIDE_ENTRY, 'owner'])
  if (scopes) options.push([holders(filter) * (2 * ENTRY + LOOKUP), 'scopes'])
  return cheapest(options)
}

/** The count, if the tallies have it. */
export function knownCount({ all, owner, personal, scopes, used }: Filter): number | undefined {
  const narrowed = [owner, ...(scopes ?? [])].filter((tally) => tally !== undefined)
  if (used || narrowed.length > 1) return undefined
  const tally: Tally = narrowed[0] ?? all
  if (personal === undefined) return tally.tokens
  return personal ? tally.personal : tally.tokens - tally.personal
}

/** How many links from the scopes to tokens there are. */
function holders({ scopes = [] }: Filter): number {
  return scopes.reduce((sum, { tokens }) => sum + tokens, 0)
}

function ownerShare({ all, owner }: Filter): number {
  return owner ? owner.tokens / Math.max(all.tokens, 1) : 1
}

function personalShare({ all, personal }: Filter): number {
  if (personal === undefined) return 1
  const share = all.personal / Math.max(all.tokens, 1)
  return Math.max(personal ? share : 1 - share, 1 / Math.max(all.tokens, 1))
}

function scopeShare({ all, scopes }: Filter): number {
  if (!scopes) return 1
  return 1 - scopes.reduce((none, { tokens }) => none * (1 - tokens / Math.max(all.tokens, 1)), 1)
}

function cheapest<T>(options: readonly [cost: number, option: T][]): T {
  const [first, ...rest] = options
  if (!first) throw new RangeError('Nothing to choose from.')
  return rest.reduce((best, option) => (option[0] < best[0] ? option : best), first)[1]
}
