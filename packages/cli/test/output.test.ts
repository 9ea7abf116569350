import { expect, test } from 'vitest'
import { layOut } from '../src/output/table.js'
import { jsonText, plain, widthOf } from '../src/output/text.js'

const COLUMNS = [
  { title: 'ID', of: ([id = '']: readonly string[]) => id },
  { title: 'NAME', of: ([, name = '']: readonly string[]) => name, least: 6 },
  { title: 'OWNER', of: ([, , owner = '']: readonly string[]) => owner, least: 5, leaves: 1 },
  { title: 'STATUS', of: () => 'active' },
]
const ROWS = [
  ['acme.ABCDEFGHIJKLMNOPQRSTUVWX', 'nightly export of everything', 'ada'],
  ['acme.ABCDEFGHIJKLMNOPQRSTUVWX', '日本語の名前トークン', 'a team with a long name'],
  ['acme.ABCDEFGHIJKLMNOPQRSTUVWX', '👩‍👩‍👧 family', 'שלום עולם'],
]

/** Of what a terminal draws: isolates take no room. */
const drawn = (line: string) => widthOf(line.replace(/[\u2068\u2069]/g, ''))

test.each([50, 60, 80, 100])('a table fits a terminal of %i columns', (width) => {
  const { head, line } = layOut(COLUMNS, ROWS, width)
  for (const text of [head, ...ROWS.map(line)]) expect(drawn(text), text).toBeLessThanOrEqual(width)
  expect(head).toMatch(/^ID .*NAME .*STATUS$/)
  // Every status begins in the same column.
  expect(new Set(ROWS.map((row) => drawn(line(row).replace(/active$/, '')))).size).toBe(1)
  expect(line(ROWS[0] ?? [])).toContain('acme.ABCDEFGHIJKLMNOPQRSTUVWX')
})

test('a column leaves where there is no room, and nothing is cut where there is', () => {
  expect(layOut(COLUMNS, ROWS, 45).head).not.toContain('OWNER')
  const { head, line } = layOut(COLUMNS, ROWS, Number.POSITIVE_INFINITY)
  expect(head).toContain('OWNER')
  expect(line(ROWS[0] ?? [])).toContain('nightly export of everything')
})

test('text of others commands no terminal, and does not turn what stands beside it', () => {
  const hostile = '\u001b]0;owned\u0007\u009b31mred\u202egnp.exe\nnext'
  expect(plain(hostile)).toBe('\ufffd]0;owned\ufffd\ufffd31mred\ufffdgnp.exe\ufffdnext')
  expect(jsonText({ name: hostile })).not.toMatch(/[^\u0020-\u007e]/)
  expect(JSON.parse(jsonText({ name: hostile }))).toEqual({ name: hostile })
  const { line } = layOut(COLUMNS, ROWS, 100)
  expect(line(ROWS[2] ?? [])).toContain('\u2068שלום עולם\u2069')
})
