import { cpus } from 'node:os'

/** Prints rows as one JSON line, or as a table with the machine above it. */
export function report(bench: string, rows: readonly Readonly<Record<string, string | number>>[], json: boolean): void {
  const node = process.version
  const cores = cpus().length
  if (json) {
    process.stdout.write(`${JSON.stringify({ bench, node, cpus: cores, rows })}\n`)
    return
  }
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const cells = [columns, ...rows.map((row) => columns.map((column) => show(row[column])))]
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)))
  process.stdout.write(`${bench}: Node ${node}, ${cores} × ${cpus()[0]?.model ?? 'unknown CPU'}\n\n`)
  for (const line of cells) {
    const padded = line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
    process.stdout.write(`${padded.join('  ')}\n`)
  }
}

function show(value: string | number | undefined): string {
  if (typeof value !== 'number') return value ?? ''
  return Number.isInteger(value) || Math.abs(value) >= 1_000 ? value.toFixed(0) : value.toFixed(value < 10 ? 2 : 1)
}
