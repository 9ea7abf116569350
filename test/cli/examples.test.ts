import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createProgram } from '@latchkey/cli'
import { sqliteStore } from '@latchkey/store-sqlite'
import { startPostgres, startRedis } from '@latchkey/test-servers'
import { tokenRecord } from '@latchkey/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { LONG } from '../long.js'
import { CONFIG, newFolder, SQLITE } from './command.js'

/** The id that the examples name. */
const ID = 'acme.J7YPZB3VHFBGQWDX5TCQ2NHM'
const FILE = 'latchkey.config.mjs'

interface Example {
  readonly command: string
  readonly args: readonly string[]
  /** The file that comes on stdin. */
  readonly input: string | undefined
}

/** Those of every command, as its help shows them. */
function examples(): readonly Example[] {
  return createProgram().commands.flatMap((command) => {
    let help = ''
    command.configureOutput({ writeOut: (text) => (help += text) })
    command.outputHelp()
    const lines = [...help.matchAll(/^ {2}\$ latchkey (.*)$/gm)].map(([, line = '']) => line)
    expect(lines, command.name()).not.toEqual([])
    return lines.map((line) => {
      const [shell = '', input] = line.replace(/ > .*/, '').split(' < ')
      return { command: command.name(), args: shell.replaceAll('"', '').split(' '), input }
    })
  })
}

test('the example in the help of each command runs', async () => {
  const folder = await newFolder()
  await folder.configure("sqliteStore({ path: 'tokens.db' })", "foreign: [{ name: 'old', match: /^old_[a-z]+$/ }]")
  const store = sqliteStore({ path: join(folder.path, 'tokens.db') })
  await (await store.open('default')).insert(tokenRecord({ id: ID, owner: 'grace' }))
  await store.close()
  await writeFile(join(folder.path, 'keys.jsonl'), '{"name":"a","owner":"ada","scopes":["a"],"key":"old_a"}\n')
  const { stdout: token } = await folder.latchkey(['create', ...CONFIG, '--name', 'leaked', '--scope', 'a'])
  const servers = LONG ? await startServers() : undefined

  const all = examples()
  const onDisk = all.filter(
    ({ args }) => servers !== undefined || !args.some((arg) => /^(?:redis|postgres):/.test(arg)),
  )
  const before: Record<string, string[][]> = {
    // The example before it has disabled the token.
    rotate: [['update', ID, ...SQLITE, '--enable']],
    // `finish` has ended the rotation of the example before it.
    cancel: [['rotate', ID, ...CONFIG, '--keep-previous', 'now+7d']],
  }
  const lines = ordered(onDisk.filter(({ input }) => input === undefined)).flatMap(({ command, args }) => [
    ...(before[command] ?? []),
    args.map((arg) => servers?.[arg] ?? arg),
  ])
  // A process loads a module once, and its instance is closed at the end of a command line.
  const copies = await Promise.all(
    lines.map(async (args, i) => {
      const copy = `copy${i}.mjs`
      if (args.includes(FILE)) await copyFile(join(folder.path, FILE), join(folder.path, copy))
      return [...args.map((arg) => (arg === FILE ? copy : arg)), '--yes']
    }),
  )
  const outcomes = await folder.latchkeyEach(copies)
  expect(outcomes.map(({ code, stderr }, i) => [lines[i]?.[0], code, ...(code === 0 ? [] : [stderr])])).toEqual(
    lines.map(([command]) => [command, 0]),
  )
  for (const { args, input } of ordered(all)) {
    if (input === undefined) continue
    const outcome = await folder.latchkey(args, token)
    expect({ args, ...outcome }).toMatchObject({ code: 0 })
  }
})

/** In their order, but what makes a store first, and what ends the token last. */
function ordered(all: readonly Example[]): readonly Example[] {
  const rank = ({ command }: Example) =>
    command === 'migrate' || command === 'init' ? 0 : command === 'revoke' ? 2 : 1
  return all.toSorted((a, b) => rank(a) - rank(b))
}

/** By the URL of the examples, those of servers that are there. */
async function startServers(): Promise<Readonly<Record<string, string>>> {
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres()])
  onTestFinished(async () => void (await Promise.all([redis.stop(), postgres.stop()])))
  return {
    'redis://127.0.0.1': `redis://127.0.0.1:${redis.port}`,
    'postgres://app@127.0.0.1/app': postgres.url,
    'postgres://owner@127.0.0.1/app': postgres.url,
  }
}
