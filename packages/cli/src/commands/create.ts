import type { CreateInput } from '@latchkey/core'
import type { Command } from 'commander'
import { misused } from '../failures.js'
import { type MemberOptions, membersOf, withMembers } from '../members.js'
import { optionsOf, withExample } from '../options.js'
import { tell } from '../output/print.js'
import { printIssued } from '../output/print-token.js'
import { withHost } from '../target/open.js'

interface Options extends MemberOptions {
  readonly name: string
  readonly scope: readonly string[]
  readonly owner?: string
  readonly personal?: true
  readonly ifNone?: true
}

export function createCommand(program: Command): void {
  const command = withMembers(program.command('create'))
    .description('Create a token, and print it once. Needs --config.')
    .option('--owner <owner>', 'whose it is (default: who acts, which is root if root runs the command)')
    .option('--personal', 'it can do no more than its owner')
    .option(
      '--if-none',
      'only if there is no token yet, not even an expired one; of nodes that start at once, one creates it',
    )
  const example = '--config latchkey.config.mjs --name admin --owner me --scope "*" --if-none'
  withExample(command, example).action(async () => {
    const options = optionsOf<Partial<Options>>(command)
    const { name, scope } = options
    if (name === undefined || scope === undefined) throw misused('A token needs a --name, and at least one --scope.')
    await withHost(command, 'A new secret is made by the hasher of the host', async ({ latchkey, caller }) => {
      const { owner, personal } = options
      const input: CreateInput = { ...membersOf(options), name, scopes: scope, owner, personal }
      const issued = await (options.ifNone
        ? latchkey.createFirst(input, { caller })
        : latchkey.create(input, { caller }))
      if (issued === undefined) tell('There are tokens already, so none was created.')
      else await printIssued(issued, options)
    })
  })
}
