import { createLatchkey, memoryStore, type Scanner } from '@latchkey/core'
import { Argument, type Command } from 'commander'
import { misused } from '../failures.js'
import { optionsOf, withExample } from '../options.js'
import { print } from '../output/print.js'
import { withTarget } from '../target/open.js'

export function scanRulesCommand(program: Command): void {
  const command = program
    .command('scan-rules')
    .description(
      'Print the rules by which a secret scanner finds tokens: those of --prefix, or of --config and its formats.',
    )
    .addArgument(new Argument('<scanner>', 'which scanner').choices(['gitleaks', 'trufflehog']))
  withExample(command, 'gitleaks --prefix acme > .gitleaks.toml').action(async (scanner: Scanner) => {
    const { config, prefix } = optionsOf(command)
    if (config !== undefined) {
      return withTarget(command, ({ latchkey }) => print(latchkey.scanRules(scanner).trimEnd()))
    }
    if (prefix === undefined) throw misused('Say which tokens: --prefix PREFIX, or --config FILE.')
    const latchkey = createLatchkey({ store: memoryStore(), prefix })
    await print(latchkey.scanRules(scanner).trimEnd())
    await latchkey.close()
  })
}
