import type { TokenFilter } from '@latchkey/core'
import { counted } from '@latchkey/core/adapter'
import type { Command } from 'commander'
import { misused, unfinished } from '../failures.js'
import { type FilterOptions, filterOf, withFilter } from '../filter.js'
import { interruptSignal } from '../interrupt.js'
import { optionsOf, withExample } from '../options.js'
import { confirm } from '../output/ask.js'
import { print, tell } from '../output/print.js'
import { startProgress } from '../output/progress.js'
import { jsonText } from '../output/text.js'
import { withTarget } from '../target/open.js'
import type { Target } from '../target/target.js'

export function revokeAllCommand(program: Command): void {
  const command = withFilter(program.command('revoke-all')).description(
    'End every token that matches, until none does. May be interrupted, and started again.',
  )
  withExample(command, '--store sqlite:tokens.db --owner ada').action(async () => {
    const filter = filterOf(optionsOf<FilterOptions>(command), Date.now())
    if (Object.keys(filter).length === 0) throw misused('Say which tokens, with --owner or --created-before, say.')
    await withTarget(command, (target) => revokeAll(command, target, filter))
  })
}

async function revokeAll(command: Command, { latchkey, caller }: Target, filter: TokenFilter): Promise<void> {
  const { yes, json } = optionsOf(command)
  const { totalCount } = await latchkey.list({ ...filter, limit: 1 }, { caller })
  if (totalCount > 0) await confirm(`This deletes ${counted(totalCount, 'token')}.`, yes)
  const signal = interruptSignal()
  const progress = startProgress('tokens')
  let done = 0
  const onProgress = ({ revoked, remaining }: { revoked: number; remaining: number }) => {
    done = revoked
    progress.update(revoked, revoked + remaining)
  }
  const { revoked } = await latchkey
    .revokeAll(filter, { caller, onProgress, signal })
    .catch((error: unknown) => {
      throw unfinished(error, signal, done, 'token')
    })
    .finally(() => progress.stop())
  if (json === true) return print(jsonText({ revoked }))
  tell(revoked === 0 ? 'No token matches.' : `Revoked ${counted(revoked, 'token')}.`)
}
