import { sortValue, storeUnavailable, type TokenRecord } from '@latchkey/core/store'
import type { Value } from '../shared/database.js'

export const DAY_MS = 86_400_000

/** Values by the names of their columns in `token`. */
export type Columns = Readonly<Record<string, Value>>

/** The columns that follow from the record alone. */
export function columnsOf(record: TokenRecord): Columns {
  const lastUsedAt = Number(sortValue(record, 'lastUsedAt'))
  const expiresAt = Number(sortValue(record, 'expiresAt'))
  return {
    name: columnText(record.name),
    personal: Number(record.personal),
    enabled: Number(record.enabled),
    created_at: record.createdAt,
    created_day: dayOf(record.createdAt),
    expires_at: expiresAt,
    expires_day: dayOf(expiresAt),
    modified_at: sortValue(record, 'modifiedAt'),
    last_used_at: lastUsedAt,
    last_used_day: dayOf(lastUsedAt),
    record: JSON.stringify(record),
  }
}

/** Days since the epoch; -1 for every time before it, and so for "never used". */
export function dayOf(time: number): number {
  return Math.max(Math.floor(time / DAY_MS), -1)
}

/** UTF-8 has no lone surrogates: texts that differ only in them would become equal, so they are refused. */
export function columnText(text: string): string {
  if (text.isWellFormed()) return text
  throw storeUnavailable('A name, owner or scope holds a lone surrogate.')
}
