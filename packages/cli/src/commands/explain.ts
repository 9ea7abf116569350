import type { ExplainRequest } from '@latchkey/core'
import type { Command } from 'commander'
import { collect, optionsOf, withExample } from '../options.js'
import { readToken } from '../output/ask.js'
import { coloured } from '../output/colour.js'
import { print } from '../output/print.js'
import { jsonText, plain } from '../output/text.js'
import { withHost, withTarget } from '../target/open.js'
import type { Target } from '../target/target.js'

interface Options {
  readonly ip?: string
  readonly scope?: readonly string[]
  readonly resource?: readonly string[]
}

export function explainCommand(program: Command): void {
  const command = program
    .command('explain [id]')
    .description(
      'Say why a token is let in or refused. Without an id, reads the token from stdin; then it needs --config.',
    )
    .option('--ip <address>', 'the address of the request')
    .option('--scope <scope>', 'a scope that the request needs; may be given more than once', collect)
    .option('--resource <resource>', 'a resource that it is about; may be given more than once', collect)
  const store = '--store sqlite:tokens.db --prefix acme'
  const example = `acme.J7YPZB3VHFBGQWDX5TCQ2NHM ${store} --scope reports.read --ip 192.0.2.1`
  withExample(command, example).action(async (id: string | undefined) => {
    if (id !== undefined) return withTarget(command, (target) => explain(command, target, { id }))
    const why = 'A whole token is checked by the hasher of the host'
    await withHost(command, why, async (target) => explain(command, target, { token: await readToken() }))
  })
}

async function explain(
  command: Command,
  { latchkey, caller }: Target,
  named: { id: string } | { token: string },
): Promise<void> {
  const { ip, scope: scopes, resource: resources, json } = optionsOf<Options>(command)
  const request: ExplainRequest = { ...named, ip, scopes, resources }
  const { allowed, checks } = await latchkey.explain(request, { caller })
  if (json === true) return print(jsonText({ allowed, checks }))
  for (const { check, passed, detail } of checks) {
    const outcome = passed ? coloured('green', 'passed') : coloured('red', 'failed')
    await print(`${check.padEnd(9)}${outcome}  ${plain(detail)}`)
  }
  await print(allowed ? 'It is let in.' : 'It is refused.')
}
