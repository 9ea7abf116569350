import type { TokenRecord } from '@latchkey/core'
import { fileComings } from './change-log.js'
import type { Cell, Database } from './database.js'
import { columnText, DAY_OF_USE, detailJson, FOREVER, NEVER, plainText, splitId, usesJson } from './rows.js'
import { bitsOf, countToken, joinOwner, joinScopes, linkScopes } from './tallies.js'

/*
 * A new token is taken into one small table first, and filed in the others later, many at a time: so whoever creates it
 * waits for one page or two to be on the disk, not for twenty. Reads look in both places (find.ts, list-arrivals.ts and
 * changes.ts); all writes to tokens that exist file what has arrived before they begin, and find it filed.
 */

const COPIED = 'env, public, prefix, name, personal, created, expires, modified, used, uses, detail'

const COLUMNS = `${COPIED}, owner, scopes`
const PARAMETERS = COLUMNS.split(',').map((_, i) => `?${i + 1}`)
const TAKE_IN = `
  INSERT INTO arrival (n, seq, ${COLUMNS})
  SELECT 1 + coalesce(max(n), (SELECT max(n) FROM token), 0),
    1 + max(coalesce(max(seq), 0), (SELECT coalesce(max(seq), 0) FROM change)),
    ${PARAMETERS.join()}
  FROM arrival
  HAVING NOT EXISTS (SELECT 1 FROM token WHERE env = ?1 AND public = ?2)
  ON CONFLICT (env, public) DO NOTHING`

/** The values of `COLUMNS`: all that a record is kept in. */
export type ArrivalRow = readonly [env: number, publicPart: string, ...Cell[]]

/** Throws `Problem` for a record that could not be filed later. */
export function arrivalRow(env: number, record: TokenRecord): ArrivalRow {
  const [prefix, publicPart] = splitId(record.id)
  const scopes = [...new Set(record.scopes)]
  // They come into a column only when they are filed.
  for (const scope of scopes) columnText(scope)
  return [
    ...([env, publicPart, prefix, columnText(record.name), Number(record.personal)] as const),
    ...[record.createdAt, record.expiresAt ?? FOREVER, record.modifiedAt ?? NEVER, record.lastUsedAt ?? NEVER],
    ...[usesJson(record), detailJson(record), columnText(record.owner), JSON.stringify(scopes)],
  ]
}

/**
 * Takes in a token; `false` if it is in either place already. Its numbers are final: it keeps its place in every list, and
 * its coming that among the changes. One statement: a call of the binding takes about as long as what this one does.
 */
export function takeIn(db: Database, row: ArrivalRow): boolean {
  return db.sql(TAKE_IN).run(...row).changes === 1
}

export function haveArrivals(db: Database): boolean {
  return db.sql('SELECT 1 FROM arrival LIMIT 1').get() !== undefined
}

/** Files all that has arrived, through whatever process. Belongs inside an IMMEDIATE transaction. */
export function fileArrivals(db: Database): void {
  const arrivals = db.sql('SELECT env, public, owner, personal, scopes FROM arrival ORDER BY n').all()
  if (arrivals.length === 0) return
  for (const [env, publicPart, owner, personal, scopes] of arrivals) {
    fileOne(db, Number(env), String(publicPart), {
      owner: plainText(String(owner)),
      personal: Number(personal),
      scopes: JSON.parse(String(scopes)) as string[],
    })
  }
  fileComings(db)
  db.sql('DELETE FROM arrival').run()
}

function fileOne(
  db: Database,
  env: number,
  publicPart: string,
  holder: { owner: string; personal: number; scopes: string[] },
): void {
  const { personal } = holder
  const owner = joinOwner(db, env, holder.owner, personal)
  const scopes = joinScopes(db, env, holder.scopes, personal)
  const { rowid: n } = db
    .sql(
      `INSERT INTO token (n, owner, scope_bits, used_day, ${COPIED}) SELECT n, ?, ?, ${DAY_OF_USE}, ${COPIED} FROM arrival
       WHERE env = ? AND public = ?`,
    )
    .run(owner, bitsOf(scopes), env, publicPart)
  linkScopes(db, n, scopes)
  countToken(db, env, personal, 1)
}
