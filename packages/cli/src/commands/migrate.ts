import type { Command } from 'commander'
import { misused } from '../failures.js'
import { optionsOf, withExample } from '../options.js'
import { tell } from '../output/print.js'
import { openPostgres } from '../target/postgres.js'
import { isPostgres } from '../target/url.js'

export function migrateCommand(program: Command): void {
  const command = program
    .command('migrate')
    .description('Create the tables in PostgreSQL, or bring those of an earlier version up to date.')
    .option('--schema <name>', 'the schema that they are in (default: latchkey)')
  withExample(command, '--store postgres://owner@127.0.0.1/app').action(async () => {
    const { store: url = '', schema } = optionsOf<{ schema?: string }>(command)
    if (!isPostgres(url)) throw misused('migrate is for PostgreSQL alone: --store postgres://USER@HOST/DATABASE.')
    const opened = await openPostgres(url)
    try {
      await opened.migrate(schema)
      tell('The tables are up to date.')
    } finally {
      await opened.close()
    }
  })
}
