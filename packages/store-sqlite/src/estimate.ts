import type { Database } from './database.js'
import type { Filter } from './filter.js'
import { dayOf } from './rows.js'

/** So many tokens are looked at to estimate how many lie in a range. */
const SAMPLE = 200
/** With fewer hits among them the range is small enough to be counted. */
const ENOUGH = 10
/** For so long, in ms, the same tokens stand for all. */
const FRESH = 10_000

interface Sample {
  takenAt: number
  /** How many tokens there were. */
  tokens: number
  /** Their last uses. */
  uses: readonly number[]
}

const samples = new WeakMap<Database, Map<number, Sample>>()

/** How many tokens a range of last uses has, and how many were used on its first and last day. */
export interface RangeSize {
  within: number
  edges: number
}

/** Estimated, but exact where few tokens lie in the range. Never 0: shares divide by it. */
export function rangeSize(db: Database, { env, all, used }: Filter): RangeSize {
  const tokens = Math.max(all.tokens, 1)
  if (!used) return { within: tokens, edges: 0 }
  const uses = sampledUses(db, env, tokens)
  const share = (test: (at: number) => boolean) => uses.filter(test).length / Math.max(uses.length, 1)
  const within = share((at) => at >= used.from && at <= used.to)
  const edges = tokens * share((at) => dayOf(at) === dayOf(used.from) || dayOf(at) === dayOf(used.to))
  if (within * uses.length >= ENOUGH) return { within: tokens * within, edges }
  const most = Math.ceil(tokens / 10) + 1_000
  const [count] = db
    .sql(
      `SELECT count(*) FROM (
         SELECT 1 FROM token INDEXED BY token_by_used WHERE env = ? AND used BETWEEN ? AND ? LIMIT ?)`,
    )
    .get(env, used.from, used.to, most) ?? [0]
  const counted = Math.max(Number(count), 1)
  return { within: counted, edges: Math.max(edges, counted) }
}

/** From tokens of all ages. Looking at them takes a millisecond, so they are remembered for a while. */
function sampledUses(db: Database, env: number, tokens: number): readonly number[] {
  const known = samples.get(db) ?? new Map<number, Sample>()
  samples.set(db, known)
  const before = known.get(env)
  const now = performance.now()
  if (before && now - before.takenAt < FRESH && Math.abs(tokens - before.tokens) <= tokens / 10) return before.uses
  const [json] =
    db
      .sql(
        `WITH RECURSIVE sample (i, n) AS (
           SELECT 1, (SELECT max(n) FROM token) UNION ALL SELECT i + 1, n FROM sample WHERE i < ${SAMPLE})
         SELECT json_group_array(t.used) FROM sample s CROSS JOIN token t ON t.n = s.n * s.i / ${SAMPLE} WHERE t.env = ?`,
      )
      .get(env) ?? []
  const uses = JSON.parse(String(json)) as number[]
  known.set(env, { takenAt: now, tokens, uses })
  return uses
}
