import { isTokenRecord, parseTokenId, type TokenRecord } from '@latchkey/core/store'
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
  const record = parseRecord(publicPart, row[1])
  return record.id === id ? { rowId: Number(row[0]), record } : undefined
}

/** A stored record is damaged. The message says nothing of it but whose it is. */
export class DamagedRecord extends Error {
  constructor(publicPart: string) {
    super(`the record of ${publicPart} is damaged; it can be removed by its id.`)
  }
}

/** A record from its JSON. Throws `DamagedRecord`. */
export function parseRecord(publicPart: string, json: Value | undefined): TokenRecord {
  try {
    const record: unknown = JSON.parse(String(json))
    if (isTokenRecord(record)) return record
  } catch {
    // The message of a syntax error quotes the text.
  }
  throw new DamagedRecord(publicPart)
}
