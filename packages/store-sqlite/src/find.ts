import type { TokenRecord } from '@latchkey/core/store'
import type { Cell, Database } from './database.js'
import { RECORD_JSON, readRecord, type StoredRecord, splitId, UNREADABLE } from './rows.js'

const WHERE = 'WHERE t.env = ?1 AND t.public = ?2 AND t.prefix = ?3'
/** One statement sees one moment: a token that is being filed is in one of the two places. */
const FIND = `
  SELECT ${RECORD_JSON}, t.n FROM token t ${WHERE} UNION ALL SELECT ${RECORD_JSON}, t.n FROM arrival t ${WHERE}`

/** The record as it is now, with its row number. Works on any connection, in either thread. */
export function findToken(db: Database, env: number, id: string): { n: number; record: TokenRecord } | undefined {
  const [prefix, publicPart] = splitId(id)
  const row = db.sql(FIND).get(env, publicPart, prefix)
  return row && { n: Number(row[1]), record: parseRecord(row[0]) }
}

/** From a cell of `RECORD_JSON`. Throws if it is none. */
export function parseRecord(json: Cell | undefined): TokenRecord {
  try {
    return readRecord(JSON.parse(String(json)) as StoredRecord, String)
  } catch {
    // What was wrong shows a piece of the record.
    throw new Error(UNREADABLE)
  }
}
