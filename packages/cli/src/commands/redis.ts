import { counted } from '@latchkey/core/adapter'
import type { RedisStore } from '@latchkey/store-redis'
import type { Command } from 'commander'
import { CommandError, misused } from '../failures.js'
import { optionsOf, withExample } from '../options.js'
import { confirm } from '../output/ask.js'
import { print, tell } from '../output/print.js'
import { jsonText, plain } from '../output/text.js'
import { openRedis } from '../target/redis.js'
import { isRedis } from '../target/url.js'

export function checkCommand(program: Command): void {
  const command = program
    .command('check')
    .description('Compare the documents in Redis with their indexes, and name settings that endanger them.')
  withExample(command, '--store redis://127.0.0.1').action(() =>
    withRedis(command, async (store, environment, isJson) => {
      const report = await store.check(environment)
      const lines = [...report.problems, ...report.warnings]
      if (isJson) await print(jsonText(report))
      else
        for (const line of [
          ...lines,
          `${counted(report.tokens, 'token')}, ${counted(report.problems.length, 'problem')}`,
        ])
          await print(plain(line))
      if (!report.ok) throw new CommandError('Indexes and documents disagree: latchkey rebuild makes the indexes anew.')
    }),
  )
}

export function rebuildCommand(program: Command): void {
  const command = program
    .command('rebuild')
    .description('Make the indexes in Redis anew from the documents. Reads go on; writes wait.')
  withExample(command, '--store redis://127.0.0.1').action(() =>
    withRedis(command, async (store, environment, isJson) => {
      const report = await store.rebuild(environment)
      if (isJson) return print(jsonText(report))
      for (const id of report.unreadable) tell(`The document ${plain(id)} cannot be read, and was left alone.`)
      tell(`Made the indexes of ${counted(report.tokens, 'token')} anew.`)
    }),
  )
}

export function initCommand(program: Command): void {
  const command = program
    .command('init')
    .description('Accept what is in Redis now as the tokens of an environment, after a restore or a loss of data.')
  withExample(command, '--store redis://127.0.0.1').action(() =>
    withRedis(command, async (store, environment, isJson) => {
      const what = `What Redis holds now becomes the data set of the environment ${environment}.`
      await confirm(`${what} Other processes refuse it until they are restarted.`, optionsOf(command).yes)
      const { dataset, created } = await store.init(environment)
      if (isJson) await print(jsonText({ dataset, created }))
      else tell(`${created ? 'Created' : 'Accepted'} the data set ${dataset}.`)
    }),
  )
}

async function withRedis(
  command: Command,
  run: (store: RedisStore, environment: string, isJson: boolean) => Promise<void>,
): Promise<void> {
  const { store: url = '', environment = 'default', json } = optionsOf(command)
  if (!isRedis(url)) throw misused(`${command.name()} is for Redis alone: --store redis://HOST.`)
  const opened = await openRedis(url)
  try {
    await run(opened.store, environment, json === true)
  } finally {
    await opened.close()
  }
}
