import type { Readable } from 'node:stream'
import { counted } from '@latchkey/core/adapter'
import type { Command } from 'commander'
import { CommandError, unfinished } from '../failures.js'
import { openFile } from '../input.js'
import { interruptSignal } from '../interrupt.js'
import { optionsOf, withExample } from '../options.js'
import { print, tell } from '../output/print.js'
import { startProgress } from '../output/progress.js'
import { jsonText, plain } from '../output/text.js'
import { readRows } from '../rows.js'
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
    await withHost(command, 'The formats of keys are declared by the host', async (target) => {
      if (file !== undefined) return importRows(command, target, await openFile(file))
      if (process.stdin.isTTY) tell('Type one JSON object a line, and Ctrl-D at the end.')
      return importRows(command, target, process.stdin)
    })
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
  const rows = readRows(input, signal)
  const result = await latchkey
    .importTokens(rows, { dryRun, onProgress, signal })
    .catch((error: unknown) => {
      throw unfinished(error, signal, done, 'key')
    })
    .finally(() => progress.stop())
  const { imported, skipped, rejected } = result
  if (json === true) await print(jsonText(result))
  else {
    for (const { row, violations } of rejected) {
      const problems = rows.isUnreadable(row)
        ? ['Is no JSON in UTF-8. Each line is one object.']
        : violations.map(({ path, message }) => `${path === '' ? '' : `${path}: `}${message}`)
      await print(plain(`line ${rows.lineOf(row)}: ${problems.join(' ')}`))
    }
    tell(
      `${imported} ${dryRun ? 'would be imported' : 'imported'}, ${skipped} there already, ${rejected.length} rejected.`,
    )
  }
  if (rejected.length > 0) {
    throw new CommandError(`${counted(rejected.length, 'row')} rejected. Mend them, and run the command again.`)
  }
}
