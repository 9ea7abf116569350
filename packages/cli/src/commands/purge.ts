import { counted } from '@latchkey/core/adapter'
import type { Command } from 'commander'
import { readTime } from '../filter.js'
import { optionsOf, withExample } from '../options.js'
import { confirm } from '../output/ask.js'
import { print, tell } from '../output/print.js'
import { jsonText } from '../output/text.js'
import { withTarget } from '../target/open.js'

export function purgeCommand(program: Command): void {
  const command = program
    .command('purge')
    .description('Remove the tokens that expired before a time. They are refused already; this makes room.')
    .requiredOption('--expired-before <time>', 'as in now-30d')
  withExample(command, '--store sqlite:tokens.db --expired-before now-30d').action(async () => {
    const { expiredBefore, yes, json } = optionsOf<{ expiredBefore: string }>(command)
    const at = readTime('expired-before', expiredBefore, Date.now())
    await withTarget(command, async ({ latchkey }) => {
      const { totalCount } = await latchkey.list({ expires: { to: at }, limit: 1 })
      const what = `This removes ${counted(totalCount, 'token')}, which expired by ${new Date(at).toISOString()}.`
      if (totalCount > 0) await confirm(what, yes)
      const removed = await latchkey.purge(at)
      if (json === true) await print(jsonText({ removed }))
      else tell(removed === 0 ? 'No token expired by then.' : `Removed ${counted(removed, 'token')}.`)
    })
  })
}
