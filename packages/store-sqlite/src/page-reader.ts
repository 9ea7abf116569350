import { StoreError, type TokenRecord } from '@latchkey/core/store'
import { createShare, readRecord, type Share, type StoredRecord, UNREADABLE } from './rows.js'

/** The host's side of a page that comes in parts. */
export interface PageReader {
  /** Takes a part, in the order of the page. */
  take(json: Uint8Array): void
  /** Those of all parts. Throws `StoreError` at one that cannot be read. */
  records(): Iterable<TokenRecord>
}

const UTF8 = new TextDecoder()

/** Reads a part while the next is on its way: a small page is there sooner. */
export function readSoon(path: string): PageReader {
  const records: TokenRecord[] = []
  const share = createShare()
  let failure: unknown
  return {
    take(json) {
      try {
        records.push(...readPart(json, share, path))
      } catch (error) {
        failure = error
      }
    },
    records() {
      if (failure !== undefined) throw failure
      return records
    },
  }
}

/**
 * Reads a part when its records are asked for. Until then it lies outside the heap, so a large page costs the host's thread
 * nothing but what is made of it, when it is made.
 */
export function readLate(path: string): PageReader {
  const parts: Uint8Array[] = []
  const share = createShare()
  return {
    take(json) {
      parts.push(json)
    },
    *records() {
      for (let part = parts.shift(); part; part = parts.shift()) yield* readPart(part, share, path)
    },
  }
}

function* readPart(json: Uint8Array, share: Share, path: string): Generator<TokenRecord> {
  try {
    for (const stored of JSON.parse(UTF8.decode(json)) as StoredRecord[]) yield readRecord(stored, share)
  } catch {
    throw new StoreError('ERR_STORE', `${path}: ${UNREADABLE}`)
  }
}
