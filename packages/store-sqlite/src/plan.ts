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
 * - `walk`: along an index in the order of the sort, past what does not match, until the page is full.
 * - `gather`: all that an index selects, tested against the other criteria, then sorted.
 */
export type Access = { kind: 'walk'; by: 'sort' | 'owner' } | { kind: 'gather'; by: 'owner' | 'scopes' | 'used' }

/** What to count along; `all` of the environment. */
export type CountAccess = 'all' | 'owner' | 'scopes' | 'used'

// Measured costs in microseconds: of passing an index entry (those of last uses and of owners are wide), of looking up the row behind
// it, and of sorting it in.
const ENTRY = 0.07
const WIDE_ENTRY = 0.11
const LOOKUP = 1.2
const SORT = 0.2
/** So many tokens are looked at to estimate how many lie in a range. */
const SAMPLE = 200
/** With fewer hits among them the range is small enough to be counted. */
const ENOUGH = 10

/** Chooses by the exact numbers that the tallies give, as if criteria were independent of each other. */
export function planPage(db: Database, filter: Filter, sort: ListSort, limit: number): Access {
  const { owner, scopes, used } = filter
  const byUse = sort.by === 'lastUsedAt'
  if (byUse && !owner && !scopes && filter.personal === undefined) return { kind: 'walk', by: 'sort' }
  const n = Math.max(filter.all.tokens, 1)
  const facets = personalShare(filter) * scopeShare(filter)
  const ofOwner = ownerShare(filter)
  const ranged = rangeSize(db, filter) / n
  /** What a walk over so many passes until the page is full, when it finds the range only by looking up rows. */
  const walk = (tokens: number, share: number) =>
    Math.min(tokens, limit / (share * ranged)) * (ENTRY + (used ? share * LOOKUP : 0))
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
  const ranged = rangeSize(db, filter)
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

/** Exact for small ranges; for larger ones an estimate from some tokens of all ages. Never 0: shares divide by it. */
function rangeSize(db: Database, { env, all, used }: Filter): number {
  if (!used) return Math.max(all.tokens, 1)
  const [seen, within] = db
    .sql(
      `WITH RECURSIVE sample (i, n) AS (
         SELECT 1, (SELECT max(n) FROM token) UNION ALL SELECT i + 1, n FROM sample WHERE i < ${SAMPLE})
       SELECT count(*), sum(t.used BETWEEN ? AND ?) FROM sample s CROSS JOIN token t ON t.n = s.n * s.i / ${SAMPLE}
       WHERE t.env = ?`,
    )
    .get(used.from, used.to, env) ?? [0, 0]
  if (Number(within) >= ENOUGH) return (all.tokens * Number(within)) / Number(seen)
  const most = Math.ceil(all.tokens / 10) + 1_000
  const [counted] = db
    .sql(
      `SELECT count(*) FROM (
         SELECT 1 FROM token INDEXED BY token_by_used WHERE env = ? AND used BETWEEN ? AND ? LIMIT ?)`,
    )
    .get(env, used.from, used.to, most) ?? [0]
  return Math.max(Number(counted), 1)
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
