import type { TokenRecord } from '@latchkey/core/store'
import { fileComings } from './change-log.js'
import type { Cell, Database } from './database.js'
import { columnText, DAY_OF_USE, detailJson, FOREVER, NEVER, plainText, splitId, usesJson } from './rows.js'
import { bitsOf, countToken, joinOwner, joinScopes, linkScopes } from './tallies.js'

/*
 * A new token is taken into one small table first, and filed in the others later, many at a time: so whoever creates it
 * waits for one page, seldom more, to be on the disk, not for twenty. Each stands behind the one before, in a table without an
 * index (which would be another page): they are few, and looked at one by one. Reads look in both places (find.ts,
 * list-arrivals.ts and changes.ts); all writes to tokens that exist file what has arrived before they begin, and find it
 * filed.
 */

const COPIED = 'env, public, prefix, name, personal, created, expires, modified, used, uses, detail'

const COLUMNS = `${COPIED}, owner, scopes`
const PARAMETERS = COLUMNS.split(',').map((_, i) => `?${i + 1}`)
/** A statement of its own, since INSERT ... SELECT ... WHERE takes longer than the two. */
const IS_TAKEN = `
  SELECT 1 FROM token WHERE env = ?1 AND public = ?2 UNION ALL SELECT 1 FROM arrival WHERE env = ?1 AND public = ?2`
const TAKE_IN = `
  INSERT INTO arrival (n, seq, ${COLUMNS}) VALUES (
    1 + coalesce((SELECT max(n) FROM arrival), (SELECT max(n) FROM token), 0),
    1 + coalesce((SELECT seq FROM arrival ORDER BY n DESC LIMIT 1), (SELECT max(seq) FROM change), 0),
    ${PARAMETERS.join()})`

/** The values of `COLUMNS`: all that a record is kept in. */
export type ArrivalRow = readonly [env: number, publicPart: string, ...Cell[]]

/** Throws `Problem` for a record that could not be filed later. */
export function arrivalRow(env: number, record: TokenRecord): ArrivalRow {
  const [prefix, publicPart] = splitId(record.id)
  const scopes = [...new Set(record.scopes)]
  // They come into a column only when they are filed.
  for (const scope of scopes) columnText(scope)
  return [
    env,
    publicPart,
    prefix,
    columnText(record.name),
    Number(record.personal),
    record.createdAt,
    record.expiresAt ?? FOREVER,
    record.modifiedAt ?? NEVER,
    record.lastUsedAt ?? NEVER,
    usesJson(record),
    detailJson(record),
    columnText(record.owner),
    JSON.stringify(scopes),
  ]
}

/**
 * Takes in a token; `false` if it is in either place already. Its numbers are final: it keeps its place in every list, and
 * its coming that among the changes.
 */
export function takeIn(db: Database, row: ArrivalRow): boolean {
  const [env, publicPart] = row
  if (db.sql(IS_TAKEN).get(env, publicPart)) return false
  db.sql(TAKE_IN).run(...row)
  return true
}

export function haveArrivals(db: Database): boolean {
  return db.sql('SELECT 1 FROM arrival LIMIT 1').get() !== undefined
}

/** Files all that has arrived, through whatever process. Belongs inside an IMMEDIATE transaction. */
export function fileArrivals(db: Database): void {
  const arrivals = db.sql('SELECT n, env, owner, personal, scopes FROM arrival ORDER BY n').all()
  if (arrivals.length === 0) return
  for (const [n, env, owner, personal, scopes] of arrivals) {
    fileOne(db, Number(n), Number(env), {
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
  n: number,
  env: number,
  holder: { owner: string; personal: number; scopes: string[] },
): void {
  const { personal } = holder
  const owner = joinOwner(db, env, holder.owner, personal)
  const scopes = joinScopes(db, env, holder.scopes, personal)
  db.sql(
    `INSERT INTO token (n, owner, scope_bits, used_day, ${COPIED}) SELECT n, ?, ?, ${DAY_OF_USE}, ${COPIED} FROM arrival
     WHERE n = ?`,
  ).run(owner, bitsOf(scopes), n)
  linkScopes(db, n, scopes)
  countToken(db, env, personal, 1)
}
