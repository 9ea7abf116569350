import type { Command } from 'commander'
import { misused } from '../failures.js'
import { type MemberOptions, membersOf, withMembers } from '../members.js'
import { optionsOf, withExample } from '../options.js'
import { printToken } from '../output/print-token.js'
import { withTarget } from '../target/open.js'

interface Options extends MemberOptions {
  readonly enable?: true
  readonly disable?: true
}

export function updateCommand(program: Command): void {
  const command = withMembers(program.command('update <id>'))
    .description('Change a token. What is not given stays; a list replaces the one that was there.')
    .option('--no-network', 'allow every address')
    .option('--no-resource', 'allow every resource')
    .option('--enable', 'let it in again')
    .option('--disable', 'refuse it until it is enabled')
  const example = 'acme.J7YPZB3VHFBGQWDX5TCQ2NHM --store sqlite:tokens.db --disable'
  withExample(command, example).action(async (id: string) => {
    const options = optionsOf<Options>(command)
    const { enable, disable } = options
    if (enable && disable) throw misused('Give --enable or --disable, not both.')
    const changes = {
      ...membersOf(givenMembers(command, options)),
      ...((enable || disable) && { enabled: enable === true }),
    }
    if (Object.keys(changes).length === 0)
      throw misused('Say what is to change, with --name, --scope or --disable, say.')
    await withTarget(command, async ({ latchkey, caller }) => {
      await printToken(await latchkey.update(id, changes, { caller }), options)
    })
  })
}

/** `--no-network` makes `true` the value of an option that was not given. */
function givenMembers(command: Command, options: Options): MemberOptions {
  const isGiven = (name: string) => command.getOptionValueSource(name) === 'cli'
  return Object.fromEntries(Object.entries(options).filter(([name]) => isGiven(name)))
}
