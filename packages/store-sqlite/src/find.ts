import type { TokenRecord } from '@latchkey/core'
import type { Database, Row } from './database.js'
import { RECORD_COLUMNS, RECORD_JOINS, readRecord, recordJson, type StoredRecord, splitId } from './rows.js'

/** The record as it is now, with its row number. Works on any connection, in either thread. */
export function findToken(db: Database, env: number, id: string): { n: number; record: TokenRecord } | undefined {
  const [prefix, publicPart] = splitId(id)
  const row = db
    .sql(`SELECT ${RECORD_COLUMNS}, t.n FROM token t ${RECORD_JOINS} WHERE t.env = ? AND t.public = ? AND t.prefix = ?`)
    .get(env, publicPart, prefix)
  return row && { n: Number(row[3]), record: parseRecord(row) }
}

/** From a row of `RECORD_COLUMNS`. */
export function parseRecord(row: Row): TokenRecord {
  return readRecord(JSON.parse(recordJson(row)) as StoredRecord, String)
}
