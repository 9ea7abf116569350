import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sqliteStore } from '@latchkey/store-sqlite'
import { startPostgres, startRedis } from '@latchkey/test-servers'
import { tokenRecord } from '@latchkey/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { LONG } from '../long.js'
import { CONFIG, folderWithToken, newFolder, SQLITE } from './command.js'

/** What `npm run long` runs alone. */
const inLong = LONG ? test : ((() => undefined) as unknown as typeof test)

test('a command line that cannot work says what to write instead, and exits with 2', async () => {
  const folder = await newFolder()
  await writeFile(join(folder.path, 'broken.mjs'), "import 'nowhere'")
  const cases: [readonly string[], RegExp][] = [
    [['lsit'], /unknown command 'lsit'\n\(Did you mean list\?\)/],
    [['list', '--owenr', 'ada'], /unknown option '--owenr'\n\(Did you mean --owner\?\)/],
    [['show'], /missing required argument 'id'/],
    [['list'], /Say which tokens are meant: --store sqlite:FILE, or --config FILE\./],
    [['list', '--store', 'mysql://root:hunter2@localhost'], /not mysql:\/\/root@localhost\.\n$/],
    [['list', '--store', 'redis://:hunter2/@localhost'], /redis:\/\/localhost is no URL\. In a password, write/],
    [['list', ...SQLITE, '--limit', '0'], /It must be a whole number from 1\./],
    [['list', ...CONFIG, '--prefix', 'a'], /--config brings its own store/],
    [['list', ...CONFIG], /There is no file .*latchkey\.config\.mjs, which --config names\./],
    [
      ['create', ...SQLITE, '--name', 'n', '--scope', 'a'],
      /made by the hasher of the host, so it needs the host's own instance: --config/,
    ],
    [['create', ...CONFIG, '--name', 'n'], /A token needs a --name, and at least one --scope\./],
    [['rotate', 'a.b', ...SQLITE], /--config/],
    [['list', '--config', 'broken.mjs'], /broken\.mjs cannot be loaded: Cannot find package 'nowhere'/],
    [['lookup', ...SQLITE], /--config/],
    [['revoke', ...SQLITE], /--config/],
    [['check', ...SQLITE], /check is for Redis alone: --store redis:\/\/HOST\./],
    [['migrate', ...SQLITE], /migrate is for PostgreSQL alone/],
    [['revoke-all', ...SQLITE], /Say which tokens, with --owner or --created-before, say\./],
    [['purge', ...SQLITE], /required option '--expired-before <time>' not specified/],
  ]
  const outcomes = await folder.latchkeyEach(cases.map(([args]) => args))
  for (const [i, { code, stdout, stderr }] of outcomes.entries()) {
    const [args, sentence] = cases[i] ?? [[], /^$/]
    expect(stderr, args.join(' ')).toMatch(sentence)
    expect(stderr, args.join(' ')).not.toMatch(/hunter2|^\s+at /m)
    expect({ code, stdout }, args.join(' ')).toEqual({ code: 2, stdout: '' })
  }
})

test('a store that is not there, or refuses, is told in a sentence, and exits with 1', async () => {
  const folder = await newFolder()
  const stores: [string, RegExp][] = [
    ['sqlite:nowhere.db', /There is no file nowhere\.db\. Check the path: the service that uses it makes the file\./],
    [
      'redis://:hunter2@127.0.0.1:1',
      /The Redis at redis:\/\/127\.0\.0\.1:1 cannot be used: .*ECONNREFUSED.*Check the address/,
    ],
    [
      'postgres://app:hunter2@127.0.0.1:1/app',
      /The PostgreSQL at postgres:\/\/app@127\.0\.0\.1:1\/app cannot be used: .*ECONNREFUSED.*Check the address/,
    ],
  ]
  const outcomes = await folder.latchkeyEach(stores.map(([store]) => ['list', '--store', store]))
  for (const [i, { code, stdout, stderr }] of outcomes.entries()) {
    expect(stderr).toMatch(stores[i]?.[1] ?? /^$/)
    expect(stderr).not.toMatch(/hunter2|^\s+at /m)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  }
})

inLong('a server that asks for a password, or refuses it, is told with the variable that holds one', async () => {
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres()])
  onTestFinished(async () => void (await Promise.all([redis.stop(), postgres.stop()])))
  await redis.command('CONFIG', 'SET', 'requirepass', 'hunter2')
  await postgres.query("alter role latchkey password 'hunter2'")
  await writeFile(join(postgres.folder, 'data/pg_hba.conf'), 'host all all 127.0.0.1/32 scram-sha-256\n')
  await postgres.query('select pg_reload_conf()')
  const folder = await newFolder()
  const urls = [`redis://127.0.0.1:${redis.port}`, postgres.url]
  const wrong = urls.map((url) => url.replace(/:\/\/(?:latchkey@)?/, '://latchkey:wrong@'))
  // The driver of PostgreSQL leaves a connection behind that it has no password for, so each has a process.
  const outcomes = await Promise.all([...urls, ...wrong].map((url) => folder.latchkey(['list', '--store', url])))
  for (const [i, { code, stderr }] of outcomes.entries()) {
    const variable = i % 2 === 0 ? 'REDISCLI_AUTH' : 'PGPASSWORD'
    if (i < 2) expect(stderr).toContain('it asks for a password.')
    expect(stderr).toContain(`Check the user in the URL, and set ${variable} to the password.`)
    expect(code).toBe(1)
  }
})

test('what is not there exits with 3, and what breaks rules with 2 and each rule', async () => {
  const folder = await folderWithToken()
  const missing = `acme.${'A'.repeat(24)}`
  expect(await folder.latchkey(['show', missing, ...SQLITE])).toMatchObject({
    code: 3,
    stderr: 'latchkey: There is no such token.\n',
  })
  const wrong = ['update', folder.id, ...SQLITE, '--expires', 'tomorrow', '--network', '10.0.0.0/40']
  const { code, stderr } = await folder.latchkey(wrong)
  expect(code).toBe(2)
  expect(stderr).toMatch(/^latchkey: The input is invalid\.\n {2}networks.*\n {2}expiresAt.*\n$/)
})

test('what cannot be undone is not done where nobody can be asked', async () => {
  const folder = await folderWithToken()
  const { id } = folder
  const store = sqliteStore({ path: join(folder.path, 'tokens.db') })
  await (await store.open('default')).insert(tokenRecord({ expiresAt: 1 }))
  await store.close()
  const acts = [
    ['revoke', id, ...SQLITE],
    ['revoke-all', ...SQLITE, '--owner', 'ada'],
    ['purge', ...SQLITE, '--expired-before', 'now'],
    ['rotate', id, ...CONFIG],
    ['finish', id, ...SQLITE],
    ['cancel', id, ...SQLITE],
  ]
  for (const { code, stderr } of await folder.latchkeyEach(acts)) {
    expect(stderr).toMatch(/This cannot be undone\. Say --yes, since nobody can be asked here\.\n$/)
    expect(code).toBe(2)
  }
  expect((await folder.latchkey(['lookup', ...CONFIG], folder.token)).code).toBe(0)
})

test('a reader that has had enough ends the command, without a word', async () => {
  const folder = await folderWithToken()
  const child = folder.start(['list', '--json', ...SQLITE])
  child.stdout?.destroy()
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  expect(await once(child, 'close')).toEqual([0, null])
  expect(stderr).toBe('')
})
