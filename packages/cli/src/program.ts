import { Command, Option } from 'commander'
import { copyCommand } from './commands/copy.js'
import { createCommand } from './commands/create.js'
import { doctorCommand } from './commands/doctor.js'
import { explainCommand } from './commands/explain.js'
import { importCommand } from './commands/import.js'
import { listCommand } from './commands/list.js'
import { lookupCommand } from './commands/lookup.js'
import { migrateCommand } from './commands/migrate.js'
import { purgeCommand } from './commands/purge.js'
import { checkCommand, initCommand, rebuildCommand } from './commands/redis.js'
import { revokeCommand } from './commands/revoke.js'
import { revokeAllCommand } from './commands/revoke-all.js'
import { cancelCommand, finishCommand, rotateCommand } from './commands/rotation.js'
import { scanRulesCommand } from './commands/scan-rules.js'
import { showCommand } from './commands/show.js'
import { updateCommand } from './commands/update.js'
import { VERSION } from './version.js'

const EVERY_COMMAND = [
  ...[createCommand, listCommand, showCommand, updateCommand],
  ...[rotateCommand, finishCommand, cancelCommand],
  ...[revokeCommand, revokeAllCommand, purgeCommand],
  ...[explainCommand, lookupCommand],
  ...[importCommand, copyCommand],
  ...[checkCommand, rebuildCommand, initCommand, migrateCommand],
  ...[scanRulesCommand, doctorCommand],
]

/**
 * The command `latchkey` as a program of `commander`, whose errors are thrown: for a program that has it as a part.
 *
 * @example
 * for (const command of createProgram().commands) console.log(command.name(), command.description())
 */
export function createProgram(): Command {
  const program = new Command('latchkey')
    .description('Manages the API tokens of a Latchkey store.')
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('--store <url>', 'sqlite:FILE, redis://HOST or postgres://USER@HOST/DATABASE')
    .option('--config <file>', "a module that exports the host's own instance as `latchkey`")
    .option('--environment <name>', 'the environment of --store (default: default)')
    .option('--prefix <prefix>', 'the prefix of the tokens of --store, by which explain judges them (default: lk)')
    .option('--as <name>', 'who acts, for the audit (default: your name on this machine)')
    .option('--json', 'print JSON, one value a line')
    .addOption(new Option('--yes', 'do not ask before what cannot be undone'))
    .showHelpAfterError('Run the command with --help to see its options.')
    .exitOverride()
  program.configureHelp({ showGlobalOptions: true, sortSubcommands: false })
  for (const add of EVERY_COMMAND) add(program)
  return program
}
