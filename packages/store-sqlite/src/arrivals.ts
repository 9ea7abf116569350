import type { TokenRecord } from '@latchkey/core'
import type { Database } from './database.js'
import { columnText, detailJson, FOREVER, NEVER, plainText, type SecretUse, splitId } from './rows.js'
import { bitsOf, countToken, joinOwner, joinScopes, linkScopes } from './tallies.js'

/*
 * A new token is taken into one small table first, and filed in the others later, many at a time: so whoever creates it
 * waits for two or three pages to be on the disk, not for twenty. Reads look in both places (find.ts and
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
  const arrivals = db.sql('SELECT env, public, owner, personal, scopes FROM arrival ORDER BY n').all()
  for (const [env, publicPart, owner, personal, scopes] of arrivals) {
    fileOne(db, Number(env), String(publicPart), {
      owner: plainText(String(owner)),
      personal: Number(personal),
      scopes: JSON.parse(String(scopes)) as string[],
    })
  }
  if (arrivals.length > 0) db.sql('DELETE FROM arrival').run()
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
      `INSERT INTO token (n, owner, scope_bits, ${COPIED}) SELECT n, ?, ?, ${COPIED} FROM arrival
       WHERE env = ? AND public = ?`,
    )
    .run(owner, bitsOf(scopes), env, publicPart)
  linkScopes(db, n, scopes)
  countToken(db, env, personal, 1)
}
