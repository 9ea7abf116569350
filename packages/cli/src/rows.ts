import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { ImportRow } from '@latchkey/core'

/** JSON lines, as rows of an import. */
export interface Rows extends AsyncIterable<ImportRow> {
  /** Of a row that was read, counted from 0: its line, counted from 1. */
  lineOf(row: number): number
  /** Whether it is no JSON. */
  isUnreadable(row: number): boolean
}

/** Skips lines of blanks, and the mark that some programs write in front of UTF-8. Ends when it is aborted. */
export function readRows(input: Readable, signal: AbortSignal): Rows {
  /** How many rows were read before each empty line. */
  const gaps: number[] = []
  const unreadable = new Set<number>()
  return {
    lineOf: (row) => row + 1 + gaps.filter((before) => before <= row).length,
    isUnreadable: (row) => unreadable.has(row),
    async *[Symbol.asyncIterator]() {
      let row = 0
      for await (const line of createInterface({ input, signal, crlfDelay: Number.POSITIVE_INFINITY })) {
        const text = line.trim()
        if (text === '') {
          gaps.push(row)
          continue
        }
        const parsed = parseLine(text)
        if (parsed === undefined) unreadable.add(row)
        // What is no object is rejected, and the import goes on.
        yield parsed as ImportRow
        row++
      }
    },
  }
}

/** `undefined` for what is no JSON in UTF-8: bytes that are none were replaced. */
function parseLine(text: string): ImportRow | undefined {
  if (text.includes('\ufffd')) return undefined
  try {
    return JSON.parse(text) as ImportRow
  } catch {
    return undefined
  }
}
