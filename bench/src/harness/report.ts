import { cpus, type } from 'node:os'

/** One line of a table. `ns`, `Us` and `Ms` in the name of a figure are its unit. */
export interface Row {
  readonly name: string
  readonly [figure: string]: string | number
}

export interface Report {
  readonly name: string
  readonly title: string
  readonly about: string
  readonly rows: readonly Row[]
  /** What `--check` says, one line for each bound. */
  readonly outcomes: readonly string[]
}

/** One line: `{"bench", "node", "cpus", "rows": [{"name", …}]}`. */
export function toJson({ name, rows }: Report): string {
  return `${JSON.stringify({ bench: name, node: process.version, cpus: cpus().length, rows })}\n`
}

export function toTable({ name, rows }: Report): string {
  return `${name}: ${machine()}\n\n${tableOf(rows)}`
}

/** The results page of this run. */
export function toMarkdown({ name, title, about, rows, outcomes }: Report): string {
  const date = new Date().toISOString().slice(0, 10)
  const command = `npm run bench -- ${[name, ...process.argv.slice(2)].join(' ')}`.replace(
    / --(json|markdown[= ]\S+)/g,
    '',
  )
  const lines = [`# ${title}`, about.trim(), `\`${command}\`, ${date}, ${machine()}.`, codeBlock(tableOf(rows))]
  if (outcomes.length > 0) lines.push('What `--check` says of this run:', codeBlock(`${outcomes.join('\n')}\n`))
  return `${lines.join('\n\n')}\n`
}

function codeBlock(text: string): string {
  return `\`\`\`text\n${text}\`\`\``
}

/** Four digits are more than a machine repeats. */
export function rounded(row: Row): Row {
  const figures = Object.entries(row).map(([name, value]) => [name, typeof value === 'number' ? round(value) : value])
  return Object.fromEntries(figures) as Row
}

function round(value: number): number {
  return Math.abs(value) >= 1_000 ? Math.round(value) : Number(value.toPrecision(4))
}

function machine(): string {
  return `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, ${type()}`
}

function tableOf(rows: readonly Row[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const cells = [columns, ...rows.map((row) => columns.map((column) => show(row[column])))]
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)))
  const lines = cells.map((line) =>
    line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  )
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

function show(value: string | number | undefined): string {
  if (typeof value !== 'number') return value ?? ''
  return Number.isInteger(value) ? String(value) : value.toPrecision(3)
}
