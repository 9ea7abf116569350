import { once } from 'node:events'
import { startPostgres, startRedis } from '@latchkey/test-servers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startHost } from '../host/start-host.js'
import { LONG } from '../long.js'
import { CONFIG, folderWithToken, newFolder, SQLITE } from './command.js'

/** What `npm run long` runs alone. */
const inLong = LONG ? test : ((() => undefined) as unknown as typeof test)

/** Stores by name: what `--store` says, and the expression that makes it in a configuration. */
const STORES: readonly [string, (folder: string) => Promise<{ url: string; expression: string }>][] = [
  [
    'SQLite',
    async (folder) => ({
      url: `sqlite:${folder}/tokens.db`,
      expression: `sqliteStore({ path: '${folder}/tokens.db' })`,
    }),
  ],
  [
    'Redis',
    async () => {
      const server = await startRedis()
      onTestFinished(() => server.stop())
      const url = `redis://127.0.0.1:${server.port}`
      return { url, expression: `redis('${url}')` }
    },
  ],
  [
    'PostgreSQL',
    async () => {
      const server = await startPostgres()
      onTestFinished(() => server.stop())
      return { url: server.url, expression: `postgres('${server.url}')` }
    },
  ],
]

describe.each(LONG ? STORES : STORES.slice(0, 1))('on %s', (_, openStore) => {
  test('the whole life of a token by the command alone, while a host serves it', async () => {
    const folder = await newFolder()
    const { url, expression } = await openStore(folder.path)
    const host = await startHost('express', url)
    onTestFinished(async () => void (await host.stop()))
    await folder.configure(expression)
    const store = ['--store', url]
    const status = async (token: string) =>
      (await fetch(`${host.url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).status
    /** The bound of revocation is a second. */
    const becomes = async (token: string, wanted: number) => {
      const started = performance.now()
      while ((await status(token)) !== wanted) {
        if (performance.now() - started > 1_000) throw new Error(`it is ${await status(token)}, and not ${wanted}`)
      }
    }

    const asked = ['--name', 'ci', '--owner', 'ada', '--scope', 'metrics.read', '--expires', 'now+30d', '--as', 'olga']
    const created = await folder.latchkey(['create', ...CONFIG, ...asked])
    const token = created.stdout.trim()
    const id = token.split('.').slice(0, 2).join('.')
    expect(created.stderr).not.toContain(token)
    await becomes(token, 200)

    await folder.latchkey(['update', id, ...store, '--disable'])
    await becomes(token, 401)
    const { stdout: why } = await folder.latchkey(['explain', id, ...store, '--scope', 'metrics.read'])
    expect(why).toMatch(/^enabled +failed.*\n[\s\S]*It is refused\.\n$/m)
    await folder.latchkey(['update', id, ...store, '--enable', '--name', 'ci 2'])
    await becomes(token, 200)

    const next = (await folder.latchkey(['rotate', id, ...CONFIG, '--keep-previous', 'now+1h'])).stdout.trim()
    await becomes(next, 200)
    expect(await status(token)).toBe(200)
    const { stdout: shown } = await folder.latchkey(['show', id, ...store])
    expect(shown).toMatch(/^name: +ci 2\n[\s\S]*^status: +rotating$/m)
    expect(shown).toMatch(/^created: .* by olga$/m)
    await folder.latchkey(['finish', id, ...store, '--yes'])
    await becomes(token, 401)

    const { stdout: listed } = await folder.latchkey(['list', ...store, '--owner', 'ada', '--json'])
    expect(
      listed
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([expect.objectContaining({ id, name: 'ci 2' })])
    expect((await folder.latchkey(['lookup', ...CONFIG], `${next}\n`)).stdout).toContain(id)
    await folder.latchkey(['revoke', ...CONFIG, '--yes'], next)
    await becomes(next, 401)
    expect((await folder.latchkey(['show', id, ...store])).code).toBe(3)
  })
})

inLong('several at once create one first token', async () => {
  const folder = await newFolder()
  await folder.configure("sqliteStore({ path: 'tokens.db' })")
  const args = ['create', ...CONFIG, '--name', 'admin', '--scope', '*', '--if-none']
  const outcomes = await Promise.all([1, 2, 3].map(() => folder.latchkey(args)))
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0])
  expect(outcomes.filter(({ stdout }) => stdout !== '')).toHaveLength(1)
  expect((await folder.latchkey(['list', ...SQLITE])).stderr).toBe('1 token\n')
})

inLong('revoke-all ends what matches, says so, and can be interrupted and started again', async () => {
  const folder = await folderWithToken()
  const { createLatchkey } = await import('@latchkey/core')
  const { sqliteStore } = await import('@latchkey/store-sqlite')
  const { testHasher } = await import('@latchkey/testkit')
  const store = sqliteStore({ path: `${folder.path}/tokens.db` })
  const latchkey = createLatchkey({ store, hasher: testHasher })
  for (let i = 0; i < 3_000; i++) await latchkey.create({ name: `n${i}`, owner: 'bob', scopes: ['a'] })
  const left = async () => (await latchkey.list({ owner: 'bob', limit: 1 })).totalCount

  const args = ['revoke-all', ...SQLITE, '--owner', 'bob', '--yes']
  const child = folder.start(args)
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  while ((await left()) === 3_000) await new Promise((resolve) => setImmediate(resolve))
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  expect(stderr).toMatch(/Interrupted\. At least \d+ tokens done\. Run the command again to go on\.\n$/)
  expect(code).toBe(1)
  const rest = await left()
  expect(rest).toBeGreaterThan(0)
  expect(await folder.latchkey([...args, '--json'])).toEqual({ code: 0, stdout: `{"revoked":${rest}}\n`, stderr: '' })
  expect((await latchkey.list()).totalCount).toBe(1)
  await latchkey.close()
  await store.close()
})

test('keys of another system are imported, and rows that break rules are told by their line', async () => {
  const folder = await newFolder()
  const foreign = `foreign: [{ name: 'old', match: /^old_[a-z0-9]{32}$/ }]`
  await folder.configure("sqliteStore({ path: 'tokens.db' })", foreign)
  const key = `old_${'k'.repeat(32)}`
  const rows = [
    { name: 'one', owner: 'ada', scopes: ['a'], key },
    { name: 'two', owner: 'ada', scopes: ['a'], sha256: '0'.repeat(63) },
  ].map((row) => JSON.stringify(row))
  const dry = await folder.latchkey(['import', ...CONFIG, '--dry-run'], rows.join('\n'))
  expect(dry.stderr).toMatch(/^1 would be imported, 0 there already, 1 rejected\.\n/)
  const imported = await folder.latchkey(['import', ...CONFIG], rows.join('\n'))
  expect(imported.stdout).toBe('line 2: sha256: Must be a SHA-256 in hex, base64 or base64url.\n')
  expect(imported).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^1 imported, 0 there already, 1 rejected\.\n/),
  })
  const again = await folder.latchkey(['import', ...CONFIG], rows[0])
  expect(again).toEqual({ code: 0, stdout: '', stderr: '0 imported, 1 there already, 0 rejected.\n' })
  expect((await folder.latchkey(['lookup', ...CONFIG], key)).stdout).toMatch(/^name: +one$/m)
})

test('odd lines are rejected by their number, and the others imported', async () => {
  const folder = await newFolder()
  await folder.configure("sqliteStore({ path: 'tokens.db' })", `foreign: [{ name: 'old', match: /^old_[a-z]{8}$/ }]`)
  const row = (members: object) => JSON.stringify({ name: 'n', owner: 'ada', scopes: ['a'], ...members })
  const lines = [
    `\ufeff${row({ key: 'old_aaaaaaaa' })}\r`,
    ' \t\r',
    row({ key: 'old_bbbbbbbb' }).slice(0, -1),
    `[${row({ key: 'old_cccccccc' })}]`,
    Buffer.from(row({ key: 'old_dddddddd', name: 'Zo\u00eb' }), 'latin1'),
    row({ key: 'old_eeeeeeee', name: 'a\0b' }),
    row({ key: 'old_ffffffff', colour: 'red' }),
    row({ key: 'old_gggggggg', metadata: { note: 'x'.repeat(1_048_576) } }),
    '',
    row({ key: 'old_hhhhhhhh', expiresAt: 1_893_456_000 }),
    'old_iiiiiiii,ada,a',
    row({ key: 'old_jjjjjjjj' }),
  ]
  const input = Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')]))
  const { code, stdout, stderr } = await folder.latchkey(['import', ...CONFIG], input)
  expect(stdout.trim().split('\n')).toEqual([
    'line 3: Is no JSON in UTF-8. Each line is one object.',
    'line 4: Must be an object.',
    'line 5: Is no JSON in UTF-8. Each line is one object.',
    'line 6: name: A name must not contain control characters.',
    'line 7: colour: There is no such member.',
    'line 8: metadata: Must have at most 4096 bytes as JSON.',
    expect.stringMatching(/^line 10: expiresAt: .* Times are in milliseconds, not seconds\./),
    'line 11: Is no JSON in UTF-8. Each line is one object.',
  ])
  expect(stderr).toBe(
    '2 imported, 0 there already, 8 rejected.\nlatchkey: 8 rows rejected. Mend them, and run the command again.\n',
  )
  expect(code).toBe(1)
  const none = await folder.latchkeyEach([
    ['import', '/dev/null', ...CONFIG],
    ['import', 'nowhere.jsonl', ...CONFIG],
    ['import', '.', ...CONFIG],
  ])
  expect(none.map((outcome) => [outcome.code, outcome.stderr])).toEqual([
    [0, '0 imported, 0 there already, 0 rejected.\n'],
    [2, 'latchkey: There is no file nowhere.jsonl.\n'],
    [2, 'latchkey: . is a folder, and a file is needed.\n'],
  ])
})

inLong('an environment moves to another store, and its tokens work there', async () => {
  const folder = await folderWithToken()
  const copy = ['copy', '--from', 'sqlite:tokens.db', '--to', 'sqlite:moved.db']
  const first = await folder.latchkey(copy)
  expect(first.stderr).toBe('1 copied, 0 updated, 0 unchanged, 0 removed. Both hold the same now.\n')
  expect((await folder.latchkey([...copy, '--json'])).stdout).toMatch(/^\{"copied":0,"updated":0,"unchanged":1,.*\}\n$/)
  await folder.configure("sqliteStore({ path: 'moved.db' })")
  expect((await folder.latchkey(['lookup', ...CONFIG], folder.token)).stdout).toContain(folder.id)
})

test('the rules for a scanner are printed', async () => {
  const folder = await newFolder()
  const { code, stdout } = await folder.latchkey(['scan-rules', 'gitleaks', '--prefix', 'acme'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^\[\[rules\]\]\nid = "acme-api-token"$/m)
  expect(await folder.latchkey(['scan-rules', 'grep', '--prefix', 'acme'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Allowed choices are gitleaks, trufflehog'),
  })
})
