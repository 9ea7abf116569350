import type { Command } from 'commander'
import { CommandError, NOT_FOUND } from '../failures.js'
import { optionsOf, withExample } from '../options.js'
import { confirm, readToken } from '../output/ask.js'
import { tell } from '../output/print.js'
import { plain } from '../output/text.js'
import { withHost, withTarget } from '../target/open.js'

export function revokeCommand(program: Command): void {
  const command = program
    .command('revoke [id]')
    .description('End a token for good. Without an id, reads the token itself from stdin; then it needs --config.')
  const examples = [
    'acme.J7YPZB3VHFBGQWDX5TCQ2NHM --store sqlite:tokens.db',
    '--config latchkey.config.mjs --yes < leaked-token.txt',
  ]
  withExample(command, ...examples).action((id: string | undefined) =>
    id === undefined ? revokeByToken(command) : revokeById(command, id),
  )
}

async function revokeById(command: Command, id: string): Promise<void> {
  await withTarget(command, async ({ latchkey, caller }) => {
    const { name, owner } = await latchkey.get(id, { caller })
    await confirm(`${id} (${plain(name)}, of ${plain(owner)}) will be deleted.`, optionsOf(command).yes)
    await latchkey.delete(id, { caller })
    tell(`${id} is revoked.`)
  })
}

async function revokeByToken(command: Command): Promise<void> {
  await withHost(command, 'A whole token is checked by the hasher of the host', async ({ latchkey, caller }) => {
    const token = await readToken()
    await confirm('The token will be deleted.', optionsOf(command).yes)
    if (!(await latchkey.revoke(token, { caller }))) throw new CommandError('There is no such token.', NOT_FOUND)
    tell('The token is revoked.')
  })
}
