import { once } from 'node:events'

/** Writes a line to stdout. Resolves when there is room for more, so that a slow reader is waited for. */
export async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
}

/** A line for the person at the terminal. stdout is for what programs read. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** How wide a table may be. A file or a pipe has no width. */
export function terminalWidth(): number {
  return process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY
}
