import { StoreError, type TokenRecord } from '@latchkey/core'
import { createShare, readRecord, type StoredRecord } from './rows.js'

/** The host's side of a page that comes in parts, as the worker sends them. */
export interface PageReader {
  /** Reads a part now. If it cannot be read, `records` says so. */
  read(json: Uint8Array): void
  /** Keeps a part for later. */
  keep(json: Uint8Array): void
  /** Whether any part is kept. */
  hasMore(): boolean
  /** Reads the first part that is kept. */
  readNext(): void
  /** All that were read. Throws `StoreError` if one could not be. */
  records(): TokenRecord[]
}

const UTF8 = new TextDecoder()

export function createPageReader(path: string): PageReader {
  const records: TokenRecord[] = []
  const kept: Uint8Array[] = []
  const share = createShare()
  let failure: StoreError | undefined

  function read(json: Uint8Array): void {
    try {
      for (const stored of JSON.parse(UTF8.decode(json)) as StoredRecord[]) records.push(readRecord(stored, share))
    } catch (cause) {
      const message = `${path}: a stored record cannot be read; restore the file from a backup.`
      failure ??= new StoreError('ERR_STORE', message, { cause })
    }
  }

  return {
    read,
    keep: (json) => void kept.push(json),
    hasMore: () => kept.length > 0,
    readNext() {
      const json = kept.shift()
      if (json) read(json)
    },
    records() {
      if (failure) throw failure
      return records
    },
  }
}
