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
      await confirm(`${totalCount} tokens that expired by ${new Date(at).toISOString()} will be removed.`, yes)
      const removed = await latchkey.purge(at)
      if (json === true) await print(jsonText({ removed }))
      else tell(`${removed} tokens are removed.`)
    })
  })
}
