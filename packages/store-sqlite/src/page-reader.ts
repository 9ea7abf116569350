import { StoreError, type TokenRecord } from '@latchkey/core'
import { createShare, readRecord, type StoredRecord, UNREADABLE } from './rows.js'

/** The host's side of a page that comes in parts. */
export interface PageReader {
  /** Reads a part. If it cannot be read, `records` says so. */
  read(json: Uint8Array): void
  /** All that were read. Throws `StoreError` if one could not be. */
  records(): TokenRecord[]
}

const UTF8 = new TextDecoder()

export function createPageReader(path: string): PageReader {
  const records: TokenRecord[] = []
  const share = createShare()
  let unreadable = false
  return {
    read(json) {
      try {
        for (const stored of JSON.parse(UTF8.decode(json)) as StoredRecord[]) records.push(readRecord(stored, share))
      } catch {
        unreadable = true
      }
    },
    records() {
      if (unreadable) throw new StoreError('ERR_STORE', `${path}: ${UNREADABLE}`)
      return records
    },
  }
}
