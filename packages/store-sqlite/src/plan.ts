import type { ListSort } from '@latchkey/core'
import type { Database } from './database.js'
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
 * - `walk`: along the index of the sort, leaving out what does not match, until the page is full.
 * - `gather`: all that one criterion selects, by its index, tested against the others, then sorted.
 */
export type Access = { kind: 'walk'; by: 'sort' | 'owner' } | { kind: 'gather'; by: 'owner' | 'scopes' | 'used' }

// Measured costs in microseconds: of one more index entry, of looking up the row behind it, and of sorting it in.
const ENTRY = 0.12
const LOOKUP = 0.8
const SORT = 0.3
/** So many matches of a range are counted to plan; beyond, a walk along the sort finds enough of them. */
const RANGE_PROBE = 30_000

/** Chooses by the exact numbers that the tallies give, as if criteria were independent of each other. */
export function planPage(db: Database, filter: Filter, sort: ListSort, limit: number): Access {
  const { owner, scopes, used } = filter
  const n = Math.max(filter.all.tokens, 1)
  const inRange = used ? rangeSize(db, filter) : n
  const facets = ownerShare(filter) * personalShare(filter) * scopeShare(filter)
  const shareInRange = inRange / n
  const sortByUse = sort.by === 'lastUsedAt'

  // Rows that a walk passes until the page is full, if it knows the range only by looking up the row.
  const passed = Math.min(n, limit / Math.max(facets * shareInRange, 1 / n))
  const options: [cost: number, access: Access][] = [
    used && sortByUse
      ? [Math.min(inRange, limit / Math.max(facets, 1 / n)) * ENTRY, { kind: 'walk', by: 'sort' }]
      : [passed * (ENTRY + (used ? facets * LOOKUP : 0)), { kind: 'walk', by: 'sort' }],
  ]
  const lookup = LOOKUP + SORT * shareInRange
  if (owner) {
    const others = facets / ownerShare(filter)
    const passedOfOwner = Math.min(owner.tokens, limit / Math.max(others * shareInRange, 1 / n))
    if (sort.by === 'createdAt') {
      options.push([passedOfOwner * (ENTRY + (used ? others * LOOKUP : 0)), { kind: 'walk', by: 'owner' }])
    }
    options.push([owner.tokens * (ENTRY + others * lookup), { kind: 'gather', by: 'owner' }])
  }
  if (scopes) {
    const tokens = scopes.reduce((sum, scope) => sum + scope.tokens, 0)
    options.push([tokens * (2 * ENTRY + lookup), { kind: 'gather', by: 'scopes' }])
  }
  if (used) options.push([inRange * (ENTRY + facets * (sortByUse ? SORT : lookup)), { kind: 'gather', by: 'used' }])
  return cheapest(options)
}

export type CountAccess = 'all' | 'owner' | 'scopes' | 'used'

/** Which criterion to count along. */
export function planCount(db: Database, filter: Filter): CountAccess {
  const { owner, scopes, used } = filter
  const n = filter.all.tokens
  const options: [cost: number, access: CountAccess][] = used
    ? [[rangeSize(db, filter) * ENTRY, 'used']]
    : [[n * ENTRY, 'all']]
  const others = personalShare(filter) * scopeShare(filter)
  if (owner) options.push([owner.tokens * (ENTRY + (used ? others * LOOKUP : 0)), 'owner'])
  if (scopes) options.push([scopes.reduce((sum, { tokens }) => sum + tokens, 0) * (2 * ENTRY + LOOKUP), 'scopes'])
  return cheapest(options)
}

/** The count, if the tallies know it already. */
export function knownCount({ all, owner, personal, scopes, used }: Filter): number | undefined {
  const narrowed = [owner, ...(scopes ?? [])].filter((tally) => tally !== undefined)
  if (used || narrowed.length > 1) return undefined
  const tally: Tally = narrowed[0] ?? all
  if (personal === undefined) return tally.tokens
  return personal ? tally.personal : tally.tokens - tally.personal
}

/** Exact up to the probe; beyond it only a lower bound is needed, which is taken for half of the tokens. */
function rangeSize(db: Database, { env, all, used }: Filter): number {
  if (!used) return all.tokens
  const counted = Number(
    db
      .sql(
        `SELECT count(*) FROM (
           SELECT 1 FROM token INDEXED BY token_by_used WHERE env = ? AND used BETWEEN ? AND ? LIMIT ${RANGE_PROBE})`,
      )
      .get(env, used.from, used.to)?.[0],
  )
  return counted < RANGE_PROBE ? counted : Math.max(RANGE_PROBE, all.tokens / 2)
}

function ownerShare({ all, owner }: Filter): number {
  return owner ? owner.tokens / Math.max(all.tokens, 1) : 1
}

function personalShare({ all, personal }: Filter): number {
  if (personal === undefined) return 1
  const share = all.personal / Math.max(all.tokens, 1)
  return personal ? share : 1 - share
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
