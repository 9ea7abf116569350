import { type CopyProgress, copyTokens } from '@latchkey/core'
import type { Command } from 'commander'
import { unfinished } from '../failures.js'
import { interruptSignal } from '../interrupt.js'
import { optionsOf, withExample } from '../options.js'
import { confirm } from '../output/ask.js'
import { print, tell } from '../output/print.js'
import { startProgress } from '../output/progress.js'
import { jsonText, plain } from '../output/text.js'
import { type OpenStore, openStore } from '../target/stores.js'
import { withoutPassword } from '../target/url.js'

interface Options {
  readonly from: string
  readonly to: string
  readonly prune?: true
}

export function copyCommand(program: Command): void {
  const command = program
    .command('copy')
    .description(
      'Copy an environment from one store to another, with hashes and last uses, and compare the two at the end. ' +
        'May be interrupted, and started again; run it once more after the last write to the old store.',
    )
    .requiredOption('--from <url>', 'the store to read, as in --store')
    .requiredOption('--to <url>', 'the store to write; a file of SQLite is made if it is not there')
    .option('--prune', 'remove the tokens there that the old store does not have')
  const example = '--from sqlite:tokens.db --to postgres://app@127.0.0.1/app'
  withExample(command, example).action(async () => {
    const { from, to, prune, yes } = optionsOf<Options>(command)
    if (prune) await confirm(`Tokens in ${withoutPassword(to)} that the other store does not have are removed.`, yes)
    const source = await openStore(from)
    const target = await openStore(to, true).catch(async (error: unknown) => {
      await source.close()
      throw error
    })
    try {
      await copy(command, source, target)
    } finally {
      await Promise.all([source.close(), target.close()])
    }
  })
}

async function copy(command: Command, source: OpenStore, target: OpenStore): Promise<void> {
  const { environment, prune, json } = optionsOf<Options>(command)
  const signal = interruptSignal()
  const progress = startProgress('tokens')
  let done = 0
  const onProgress = ({ copied, updated, unchanged, total }: CopyProgress) => {
    done = copied + updated + unchanged
    progress.update(done, total)
  }
  const result = await copyTokens(source.store, target.store, { environment, prune, onProgress, signal })
    .catch((error: unknown) => {
      throw unfinished(error, signal, done, 'token')
    })
    .finally(() => progress.stop())
  if (json === true) return print(jsonText(result))
  for (const sentence of result.damaged) tell(plain(sentence))
  const { copied, updated, unchanged, removed } = result
  tell(`${copied} copied, ${updated} updated, ${unchanged} unchanged, ${removed} removed. Both hold the same now.`)
}
