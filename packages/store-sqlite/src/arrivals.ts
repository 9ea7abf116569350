import type { TokenRecord } from '@latchkey/core'
import type { Database } from './database.js'
import { columnText, detailJson, FOREVER, NEVER, plainText, type SecretUse, splitId } from './rows.js'
import { bitsOf, countToken, joinOwner, joinScopes, linkScopes } from './tallies.js'

/*
 * A new token is taken into one small table first, and filed in the others later, many at a time: so whoever creates it
 * waits for three or four pages to be on the disk, not for twenty. Reads look in both places (find.ts and
 * list-arrivals.ts); all writes to tokens that exist file what has arrived before they begin, and find it filed.
 */

const COPIED = `env, public, prefix, name, personal, enabled, version, created, expires, modified, rotated, used, used_ip,
  uses, detail`

/** Takes in a token that is in neither place. Its number is final: it keeps its place in every list. */
export function takeIn(db: Database, env: number, record: TokenRecord): void {
  const [prefix, publicPart] = splitId(record.id)
  const uses = record.secrets.map(
    (secret): SecretUse => [secret.gen, secret.lastUsedAt ?? NEVER, secret.lastUsedIp ?? null],
  )
  const scopes = [...new Set(record.scopes)]
  // They come into a column only later, but what cannot be filed must be refused now.
  for (const scope of scopes) columnText(scope)
  db.sql(
    `INSERT INTO arrival (n, owner, scopes, ${COPIED})
     VALUES (1 + coalesce((SELECT max(n) FROM arrival), (SELECT max(n) FROM token), 0),
       ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    ...[
      columnText(record.owner),
      JSON.stringify(scopes),
      env,
      publicPart,
      prefix,
      columnText(record.name),
      Number(record.personal),
    ],
    ...[Number(record.enabled), record.version, record.createdAt, record.expiresAt ?? FOREVER],
    ...[record.modifiedAt ?? NEVER, record.rotatedAt ?? null, record.lastUsedAt ?? NEVER, record.lastUsedIp ?? null],
    ...[JSON.stringify(uses), detailJson(record)],
  )
}

/** Files all that has arrived, through whatever process. Belongs inside an IMMEDIATE transaction. */
export function fileArrivals(db: Database): void {
  const arrivals = db.sql('SELECT n, env, owner, personal, scopes FROM arrival ORDER BY n').all()
  for (const [n, env, owner, personal, scopes] of arrivals) {
    const names = JSON.parse(String(scopes)) as string[]
    fileOne(db, Number(n), Number(env), plainText(String(owner)), Number(personal), names)
  }
  if (arrivals.length > 0) db.sql('DELETE FROM arrival').run()
}

function fileOne(
  db: Database,
  n: number,
  env: number,
  ownerName: string,
  personal: number,
  scopeNames: string[],
): void {
  const owner = joinOwner(db, env, ownerName, personal)
  const scopes = joinScopes(db, env, scopeNames, personal)
  db.sql(`INSERT INTO token (n, owner, scope_bits, ${COPIED}) SELECT n, ?, ?, ${COPIED} FROM arrival WHERE n = ?`).run(
    owner,
    bitsOf(scopes),
    n,
  )
  linkScopes(db, n, scopes)
  countToken(db, env, personal, 1)
}
