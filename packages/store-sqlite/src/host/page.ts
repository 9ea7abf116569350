import type { TokenRecord } from '@latchkey/core/store'
import { toStoreError } from '../shared/errors.js'
import { parseRecord } from '../shared/find-token.js'

const UTF8 = new TextDecoder()

/**
 * The records of a page that came in chunks of lines. Each line is parsed when its record is asked for, so that a large page
 * never holds up the event loop. Throws `ERR_STORE` at a record that cannot be read.
 */
export function* pageRecords(chunks: readonly Uint8Array[], path: string): Generator<TokenRecord> {
  for (const chunk of chunks) {
    for (const line of UTF8.decode(chunk).split('\n')) {
      try {
        yield parseRecord(line)
      } catch (error) {
        throw toStoreError(error, path)
      }
    }
  }
}
