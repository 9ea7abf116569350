import { fitted, plain, widthOf } from './text.js'

export interface Column<Row> {
  readonly title: string
  readonly of: (row: Row) => string
  /** It may be cut to this many columns of the terminal. Absent: it is shown whole. */
  readonly least?: number
  /** The columns with the highest number leave first where there is no room. Absent: it stays. */
  readonly leaves?: number
}

/** A laid-out table: which columns there is room for, and how wide each is. */
export interface Layout<Row> {
  readonly head: string
  line(row: Row): string
}

const GAP = '  '

/** Lays a table out for a terminal of this many columns, by its first rows. `Infinity`: as wide as they need. */
export function layOut<Row>(all: readonly Column<Row>[], rows: readonly Row[], width: number): Layout<Row> {
  const needed = new Map(
    all.map((column) => [column, Math.max(widthOf(column.title), ...rows.map((row) => widthOf(cell(column, row))))]),
  )
  const columns = withRoom(all, needed, width)
  const widths = narrowed(columns, needed, width - GAP.length * (columns.length - 1))
  const join = (cells: readonly string[]) =>
    cells
      .map((text, i) => fitted(text, widths[i] ?? 0))
      .join(GAP)
      .trimEnd()
  return {
    head: join(columns.map(({ title }) => title)),
    line: (row) => join(columns.map((column) => cell(column, row))),
  }
}

function cell<Row>(column: Column<Row>, row: Row): string {
  return plain(column.of(row))
}

type Widths<Row> = ReadonlyMap<Column<Row>, number>

function least<Row>(column: Column<Row>, needed: Widths<Row>): number {
  const whole = needed.get(column) ?? 0
  return Math.min(whole, column.least ?? whole)
}

/** Without the columns that leave, until the others fit at their least. */
function withRoom<Row>(all: readonly Column<Row>[], needed: Widths<Row>, width: number): readonly Column<Row>[] {
  const taken = all.reduce((sum, column) => sum + least(column, needed) + GAP.length, -GAP.length)
  const [next] = all.filter(({ leaves }) => leaves !== undefined).sort((a, b) => (b.leaves ?? 0) - (a.leaves ?? 0))
  if (taken <= width || next === undefined) return all
  return withRoom(
    all.filter((column) => column !== next),
    needed,
    width,
  )
}

/** Takes from the widest column, again and again, until all fit or none can give. */
function narrowed<Row>(columns: readonly Column<Row>[], needed: Widths<Row>, width: number): number[] {
  const widths = columns.map((column) => needed.get(column) ?? 0)
  const canGive = (i: number) => (widths[i] ?? 0) - least(columns[i] as Column<Row>, needed)
  while (widths.reduce((sum, each) => sum + each, 0) > width) {
    const widest = widths
      .map((_, i) => i)
      .filter((i) => canGive(i) > 0)
      .sort((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))
    const [i] = widest
    if (i === undefined) return widths
    widths[i] = (widths[i] ?? 0) - 1
  }
  return widths
}
