import type { Database } from './database.js'

/*
 * The newest changes, numbered without gaps, for the watchers of all processes. The coming of a new token is told by its
 * arrival, which has taken a number of these, and stands here when that is filed.
 */

/** How many are kept for watchers that fall behind. */
const KEPT = 10_000

/** Inside a transaction in which what has arrived was filed: or the number may be taken. */
export function recordChange(db: Database, env: number, id: string): void {
  const { rowid: seq } = db.sql('INSERT INTO change (env, id) VALUES (?, ?)').run(env, id)
  if (seq % 1_000 === 0) forgetOld(db)
}

/** Before the arrivals are deleted. */
export function fileComings(db: Database): void {
  // Were a number taken, against all that is said here, the token must be filed all the same: or none could be revoked.
  db.sql(
    `INSERT INTO change (seq, env, id) SELECT seq, env, prefix || '.' || public FROM arrival WHERE true
     ON CONFLICT (seq) DO NOTHING`,
  ).run()
  forgetOld(db)
}

function forgetOld(db: Database): void {
  db.sql('DELETE FROM change WHERE seq <= (SELECT max(seq) FROM change) - ?').run(KEPT)
}

export interface Change {
  readonly seq: number
  readonly env: number
  readonly id: string
}

/** Those behind this number, at most so many, in their order. One statement sees one moment: none is in both places. */
export function changesBehind(db: Database, seq: number, limit: number): Change[] {
  return db
    .sql(
      `SELECT seq, env, id FROM change WHERE seq > ?1
       UNION ALL SELECT seq, env, prefix || '.' || public FROM arrival WHERE seq > ?1
       ORDER BY seq LIMIT ?2`,
    )
    .all(seq, limit)
    .map(([at, env, id]) => ({ seq: Number(at), env: Number(env), id: String(id) }))
}

/** The number of the newest; 0 if there was none. */
export function newestChange(db: Database): number {
  const newest = 'SELECT max(coalesce((SELECT max(seq) FROM change), 0), coalesce((SELECT max(seq) FROM arrival), 0))'
  return Number(db.sql(newest).get()?.[0])
}
