import { parseTokenId, type TokenRecord } from '@latchkey/core/store'
import type { Database, Value } from './libsql.js'

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

/** A record from its JSON. Throws, with nothing of the record in the message, if it is damaged. */
export function parseRecord(json: Value | undefined): TokenRecord {
  try {
    const record = JSON.parse(String(json)) as TokenRecord
    if (typeof record.id === 'string' && Array.isArray(record.scopes) && Array.isArray(record.secrets)) return record
  } catch {
    // The message of a syntax error quotes the text.
  }
  throw new Error('a stored record cannot be read; restore the file from a backup.')
}
