import { isTokenRecord, parseTokenId, type TokenRecord } from '@latchkey/core/store'
import type { Database, Value } from './database.js'

export interface FoundToken {
  /** The row's number. */
  rowId: number
  record: TokenRecord
}

/** The token with this id as it is now, or `undefined`. */
export function findToken(db: Database, env: number, id: string): FoundToken | undefined {
  const publicPart = parseTokenId(id)?.publicPart
  if (publicPart === undefined) return undefined
  const row = db.get('SELECT id, record FROM token WHERE environment_id = ? AND public_part = ?', env, publicPart)
  if (!row) return undefined
  const record = parseRecord(row[1])
  return record.id === id ? { rowId: Number(row[0]), record } : undefined
}

/** A stored record is damaged. The message says nothing of it. */
export class DamagedRecord extends Error {
  constructor() {
    super('a stored record cannot be read; restore the file from a backup.')
  }
}

/** A record from its JSON. Throws `DamagedRecord`. */
export function parseRecord(json: Value | undefined): TokenRecord {
  try {
    const record: unknown = JSON.parse(String(json))
    if (isTokenRecord(record)) return record
  } catch {
    // The message of a syntax error quotes the text.
  }
  throw new DamagedRecord()
}
