import type { Command } from 'commander'
import { optionsOf, withExample } from '../options.js'
import { confirm } from '../output/ask.js'
import { printIssued, printToken } from '../output/print-token.js'
import { withHost, withTarget } from '../target/open.js'

interface RotateOptions {
  readonly keepPrevious?: string
  readonly expires?: string
}

const ID = 'acme.J7YPZB3VHFBGQWDX5TCQ2NHM'

export function rotateCommand(program: Command): void {
  const command = program
    .command('rotate <id>')
    .description('Give a token a new secret, and print it once. Needs --config.')
    .option('--keep-previous <time>', 'let the secret of today in until then, as in now+7d (default: it ends now)')
    .option('--expires <time>', 'a new end of the token')
  withExample(command, `${ID} --config latchkey.config.mjs --keep-previous now+7d`).action(async (id: string) => {
    const options = optionsOf<RotateOptions>(command)
    const { keepPrevious: previousExpiresAt, expires: expiresAt, yes } = options
    await withHost(command, 'A new secret is made by the hasher of the host', async ({ latchkey, caller }) => {
      if (previousExpiresAt === undefined) await confirm(`The secret that ${id} has now ends at once.`, yes)
      await printIssued(await latchkey.rotate(id, { previousExpiresAt, expiresAt }, { caller }), options)
    })
  })
}

export function finishCommand(program: Command): void {
  const command = program.command('finish <id>').description('Finish a rotation: the previous secret ends now.')
  withExample(command, `${ID} --store sqlite:tokens.db`).action(async (id: string) => {
    const options = optionsOf(command)
    await withTarget(command, async ({ latchkey, caller }) => {
      await confirm(`The previous secret of ${id} ends at once.`, options.yes)
      await printToken(await latchkey.finishRotation(id, { caller }), options)
    })
  })
}

export function cancelCommand(program: Command): void {
  const command = program.command('cancel <id>').description('Take a rotation back: the new secret ends now.')
  withExample(command, `${ID} --store sqlite:tokens.db`).action(async (id: string) => {
    const options = optionsOf(command)
    await withTarget(command, async ({ latchkey, caller }) => {
      await confirm(`The new secret of ${id} ends at once.`, options.yes)
      await printToken(await latchkey.cancelRotation(id, { caller }), options)
    })
  })
}
