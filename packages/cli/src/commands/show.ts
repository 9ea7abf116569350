import type { Command } from 'commander'
import { optionsOf, withExample } from '../options.js'
import { printToken } from '../output/print-token.js'
import { withTarget } from '../target/open.js'

export function showCommand(program: Command): void {
  const command = program.command('show <id>').description('Show a token by its id.')
  withExample(command, 'acme.J7YPZB3VHFBGQWDX5TCQ2NHM --store sqlite:tokens.db').action(async (id: string) => {
    await withTarget(command, async ({ latchkey, caller }) => {
      await printToken(await latchkey.get(id, { caller }), optionsOf(command))
    })
  })
}
