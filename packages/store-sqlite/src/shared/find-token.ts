import { decodeRecord, parseTokenId, type TokenRecord } from '@latchkey/core/store'
import type { Database, Value } from './database.js'

export interface FoundToken {
  /** The row's number. */
  rowId: number
  record: TokenRecord
}

/** The token with this id as it is now, or `undefined`. Throws `DamagedRecord`. */
export function findToken(db: Database, env: number, id: string): FoundToken | undefined {
  const publicPart = parseTokenId(id)?.publicPart
  if (publicPart === undefined) return undefined
  const row = db.get('SELECT id, record FROM token WHERE environment_id = ? AND public_part = ?', env, publicPart)
  if (!row) return undefined
  const record = parseRecord(db.path, publicPart, row[1])
  return record.id === id ? { rowId: Number(row[0]), record } : undefined
}

/** A record from its JSON. Throws `DamagedRecord`. */
export function parseRecord(path: string, publicPart: string, json: Value | undefined): TokenRecord {
  return decodeRecord(path, publicPart, () => JSON.parse(String(json)))
}
