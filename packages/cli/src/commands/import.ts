import { createReadStream, existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { ImportRow } from '@latchkey/core'
import type { Command } from 'commander'
import { CommandError, FAILED, misused } from '../failures.js'
import { interruptSignal } from '../interrupt.js'
import { optionsOf, withExample } from '../options.js'
import { print, tell } from '../output/print.js'
import { startProgress } from '../output/progress.js'
import { jsonText, plain } from '../output/text.js'
import { withHost } from '../target/open.js'
import type { Target } from '../target/target.js'

interface Options {
  readonly dryRun?: true
}

export function importCommand(program: Command): void {
  const command = program
    .command('import [file]')
    .description(
      'Take over keys of another system: one JSON object a line, as importTokens takes them, from a file or stdin. ' +
        'Needs --config, whose option foreign declares their format. May be interrupted, and started again.',
    )
    .option('--dry-run', 'check the rows, and write nothing')
  withExample(command, 'keys.jsonl --config latchkey.config.mjs --dry-run').action(async (file: string | undefined) => {
    if (file !== undefined && !existsSync(file)) throw misused(`There is no file ${file}.`)
    const input = file === undefined ? process.stdin : createReadStream(file)
    await withHost(command, 'The formats of keys are declared by the host', (target) =>
      importRows(command, target, input),
    )
  })
}

async function importRows(command: Command, { latchkey }: Target, input: Readable): Promise<void> {
  const signal = interruptSignal()
  const { dryRun, json } = optionsOf<Options>(command)
  const progress = startProgress('keys')
  let done = 0
  const onProgress = ({ imported, skipped, rejected }: Record<'imported' | 'skipped' | 'rejected', number>) => {
    done = imported + skipped + rejected
    progress.update(done)
  }
  const result = await latchkey
    .importTokens(rowsIn(input), { dryRun, onProgress, signal })
    .catch((error: unknown) => {
      if (!signal.aborted) throw error
      throw new CommandError(`Interrupted after ${done} keys. Run the command again to go on: those are skipped.`)
    })
    .finally(() => progress.stop())
  const { imported, skipped, rejected } = result
  if (json === true) await print(jsonText(result))
  else {
    for (const { row, violations } of rejected) {
      const problems = violations.map(({ path, message }) => `${path === '' ? '' : `${path}: `}${message}`)
      await print(plain(`line ${row + 1}: ${problems.join(' ')}`))
    }
    tell(
      `${imported} ${dryRun ? 'would be imported' : 'imported'}, ${skipped} there already, ${rejected.length} rejected.`,
    )
  }
  if (rejected.length > 0) throw new CommandError('Some rows were rejected.', FAILED)
}

async function* rowsIn(input: Readable): AsyncGenerator<ImportRow> {
  let number = 0
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++
    yield readRow(line, number)
  }
}

/** The error names the line alone, which may hold a key. */
function readRow(line: string, number: number): ImportRow {
  try {
    return JSON.parse(line) as ImportRow
  } catch {
    throw misused(`Line ${number} is no JSON. Each line is one object; what came before is imported.`)
  }
}
