// Reads the tables of "Nobody hands out more than they have" in docs/first-token-and-roles.md.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The ways to a living secret: the columns that the first table must have, no fewer and no more. */
export const WAYS = ['create', 'update', 'enable', 'rotate', 'cancel', 'rotate itself', 'cancel itself'] as const
export type Way = (typeof WAYS)[number]

/** The rows that the first two tables must have. */
export const DIMENSIONS = [
  ...(['scopes', 'networks', 'resources', 'expiry', 'owner', 'personal', 'environment', 'metadata'] as const),
] as const
export type Dimension = (typeof DIMENSIONS)[number]

/** What write alone may do to another owner's token: the rows of the third table. */
export const REDUCTIONS = [
  'rename',
  'narrow scopes',
  'narrow networks',
  'narrow resources',
  'shorten expiry',
  'disable',
  'finish a rotation',
  'delete',
] as const
export type Reduction = (typeof REDUCTIONS)[number]

const DEMANDS = ['all', 'added', 'own', 'own if added', 'kept', '–'] as const
export type Demand = (typeof DEMANDS)[number]

export interface AuthorityPage {
  demand(dimension: Dimension, way: Way): Demand
  /** Whether the admin right lifts what is asked in this dimension. */
  isLifted(dimension: Dimension, personal: boolean): boolean
  /** What a caller with `apiTokens.write` is answered. */
  mayReduce(reduction: Reduction, personal: boolean): 'yes' | '404'
}

export const PAGE = join(import.meta.dirname, '../../docs/first-token-and-roles.md')

export function readAuthorityPage(markdown = readFileSync(PAGE, 'utf8')): AuthorityPage {
  const section = markdown.split(/^## /m).find((part) => part.startsWith('Nobody hands out more than they have'))
  const tables = (section ?? '').split('\n\n').filter((block) => block.startsWith('|'))
  if (tables.length !== 3) throw new Error(`The section has ${tables.length} tables, not three.`)
  const [demands, lifted, reductions] = tables as [string, string, string]
  const personal = ['no', 'yes'] as const
  const asked = readTable(demands, ['dimension', ...WAYS], DIMENSIONS, DEMANDS)
  const lifts = readTable(lifted, ['dimension', 'admin right', 'personal caller with the admin right'], DIMENSIONS, [
    'asked',
    'not asked',
  ] as const)
  const reduced = readTable(
    reductions,
    ["to another owner's token", 'apiTokens.write', 'personal caller'],
    REDUCTIONS,
    ['yes', '404'] as const,
  )
  return {
    demand: (dimension, way) => asked(dimension, WAYS.indexOf(way)),
    isLifted: (dimension, isPersonal) => lifts(dimension, personal.indexOf(isPersonal ? 'yes' : 'no')) === 'not asked',
    mayReduce: (reduction, isPersonal) => reduced(reduction, personal.indexOf(isPersonal ? 'yes' : 'no')),
  }
}

/** The word in a cell. Throws unless the table has exactly these columns and rows, and only these words. */
function readTable<Row extends string, Word extends string>(
  table: string,
  columns: readonly string[],
  rows: readonly Row[],
  words: readonly Word[],
): (row: Row, column: number) => Word {
  const [head = [], , ...body] = table.split('\n').map(cellsOf)
  assertSame('columns', head, columns)
  assertSame(
    'rows',
    body.map(([name = '']) => name),
    rows,
  )
  const cells = body.map(([name, ...values]) =>
    values.map((value) => {
      const word = words.find((known) => known === value)
      if (word === undefined) throw new Error(`The row ${name} holds "${value}", which is none of ${words.join(', ')}.`)
      return word
    }),
  )
  return (row, column) => {
    const word = cells[rows.indexOf(row)]?.[column]
    if (word === undefined) throw new Error(`The row ${row} is too short.`)
    return word
  }
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, line.lastIndexOf('|'))
    .split('|')
    .map((cell) => cell.trim().replaceAll('`', ''))
}

function assertSame(what: string, found: readonly string[], expected: readonly string[]): void {
  if (JSON.stringify(found) === JSON.stringify(expected)) return
  throw new Error(`A table has the ${what} ${found.join(', ')}, not ${expected.join(', ')}.`)
}
