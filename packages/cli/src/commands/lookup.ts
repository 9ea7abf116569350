import type { Command } from 'commander'
import { optionsOf, withExample } from '../options.js'
import { readToken } from '../output/ask.js'
import { printToken } from '../output/print-token.js'
import { withHost } from '../target/open.js'

export function lookupCommand(program: Command): void {
  const command = program
    .command('lookup')
    .description('Show the token whose value comes on stdin, also if it is disabled or expired. Needs --config.')
  withExample(command, '--config latchkey.config.mjs < found-token.txt').action(async () => {
    await withHost(command, 'A whole token is checked by the hasher of the host', async ({ latchkey, caller }) => {
      await printToken(await latchkey.lookup(await readToken(), { caller }), optionsOf(command))
    })
  })
}
