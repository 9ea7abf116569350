import { spawnSync } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { StoreError } from '@latchkey/core'
import { readPage, tokenRecord } from '@latchkey/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Database, openDatabase } from '../src/database.js'
import { prepareFile } from '../src/file.js'
import { type SqliteStoreOptions, sqliteStore } from '../src/index.js'
import { assertOurs, MIGRATIONS, migrate } from '../src/schema.js'
import { assertConsistent } from './consistency.js'
import { temporaryFolder } from './temporary.js'

const query = { filter: {}, sort: { by: 'name', direction: 'desc' }, limit: 300, count: true } as const

/** Opens, expecting a refusal; gives its sentence. */
async function refusal(options: SqliteStoreOptions): Promise<string> {
  const store = sqliteStore(options)
  const error = await store.open('default').then(
    () => undefined,
    (reason: unknown) => reason,
  )
  await store.close()
  expect(error).toBeInstanceOf(StoreError)
  expect(error).toMatchObject({ code: 'ERR_STORE' })
  return error instanceof Error ? error.message : ''
}

/** A file with one token in it, closed. */
async function filledFile(): Promise<string> {
  const path = `${temporaryFolder()}/tokens.db`
  const store = sqliteStore({ path })
  const environment = await store.open('default')
  for (let i = 0; i < 200; i++) await environment.insert(tokenRecord())
  await store.close()
  return path
}

function edit(path: string, sql: string): void {
  const db = openDatabase(path, 1_000)
  db.exec(sql)
  db.close()
}

describe('the file', () => {
  test('is created for its owner alone, and so are its folder and the files beside it', async () => {
    const path = `${temporaryFolder()}/data/tokens.db`
    const store = sqliteStore({ path })
    await store.open('default')
    const mode = (name: string) => (statSync(name).mode & 0o777).toString(8)
    expect([mode(dirname(path)), mode(path), mode(`${path}-wal`), mode(`${path}-shm`)]).toEqual([
      '700',
      '600',
      '600',
      '600',
    ])
    await store.close()
  })

  test('is refused if more than one folder is missing', async () => {
    const folder = temporaryFolder()
    expect(await refusal({ path: `${folder}/a/b/tokens.db` })).toBe(
      `The folder ${folder}/a/b cannot be created (ENOENT).`,
    )
  })

  test('is not created where that is not wanted', async () => {
    const path = `${temporaryFolder()}/tokens.db`
    expect(await refusal({ path, create: false })).toBe(`${path} does not exist, and must not be created.`)
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined()
  })

  test('is refused if it is a folder, lies in a file, or cannot be written', async () => {
    const folder = temporaryFolder()
    expect(await refusal({ path: folder })).toBe(`${folder} is a folder, not a file.`)
    writeFileSync(`${folder}/file`, '')
    expect(await refusal({ path: `${folder}/file/tokens.db` })).toContain(`${folder}/file/tokens.db cannot be reached`)
    expect(await refusal({ path: '/proc/latchkey.db' })).toContain('/proc/latchkey.db cannot be opened for writing')
    expect(await refusal({ path: '/dev/null' })).toBe('/dev/null is not a regular file.')
  })

  test('is refused if it is no SQLite file, and left as it is', async () => {
    const path = `${temporaryFolder()}/notes.txt`
    const text = 'These are my notes.\n'.repeat(500)
    writeFileSync(path, text)
    expect(await refusal({ path })).toBe(`${path}: this is not an SQLite file.`)
    expect(statSync(path).size).toBe(text.length)
  })

  test('is refused if it belongs to another program, and left as it is', async () => {
    const path = `${temporaryFolder()}/other.db`
    writeFileSync(path, '')
    edit(path, 'CREATE TABLE song (title TEXT)')
    expect(await refusal({ path })).toBe(`${path} belongs to another program: it is not a Latchkey file.`)
    const db = openDatabase(path, 0)
    expect([db.pragma('journal_mode'), db.sql('SELECT count(*) FROM sqlite_master').get()]).toEqual(['delete', [1]])
    db.close()
  })

  test('is refused if a newer version wrote it', async () => {
    const path = await filledFile()
    edit(path, 'PRAGMA user_version = 99')
    expect(await refusal({ path })).toBe(
      `${path} was written by a newer version of Latchkey (schema 99; this one knows up to ${MIGRATIONS.length}).`,
    )
  })

  test('is refused if it is damaged, unless the check is off', async () => {
    const path = await filledFile()
    // The pages of one index, mixed up.
    const { size } = statSync(path)
    const db = openDatabase(path, 0)
    const page = Number(db.sql("SELECT rootpage FROM sqlite_master WHERE name = 'token_by_public'").get()?.[0])
    const pageSize = Number(db.pragma('page_size'))
    db.close()
    const file = openSync(path, 'r+')
    writeSync(file, Buffer.alloc(pageSize, 7), 0, pageSize, (page - 1) * pageSize)
    closeSync(file)
    expect(statSync(path).size).toBe(size)
    expect(await refusal({ path })).toMatch(/ damaged \(.*\); restore it from a backup\.$/s)
    const store = sqliteStore({ path, checkIntegrity: false })
    await store.open('default')
    await store.close()
  })

  test('of an older version is brought forward, with its data, also by several at once', async () => {
    const path = await filledFile()
    const next = [...MIGRATIONS, 'ALTER TABLE environment ADD COLUMN note TEXT']
    const connections = [openDatabase(path, 1_000), openDatabase(path, 1_000)]
    for (const db of connections) migrate(db, path, next)
    for (const db of connections) {
      expect(db.pragma('user_version')).toBe(MIGRATIONS.length + 1)
      expect(db.sql('SELECT tokens, note FROM environment').all()).toEqual([[200, null]])
      db.close()
    }
    expect(await refusal({ path })).toContain('was written by a newer version of Latchkey')
  })

  test('of the first version keeps its records', async () => {
    const path = `${temporaryFolder()}/tokens.db`
    writeFileSync(path, '')
    const db = openDatabase(path, 1_000)
    migrate(db, path, MIGRATIONS.slice(0, 1))
    const secrets = [
      { gen: 2, hash: 'h2', tag: '00000002' },
      { gen: 1, hash: 'h1', tag: '00000001', until: Date.UTC(2030) },
    ]
    const plain = { scopes: [], networks: [], retired: [], secrets: [] }
    const rich = {
      scopes: ['a', 'b "c"'],
      networks: ['10.0.0.0/8'],
      retired: ['0badcafe'],
      secrets,
      metadata: { é: [null, { x: 1 }] },
    }
    db.exec(
      `INSERT INTO environment VALUES (1, 'default', 'set', '', 2, 0); INSERT INTO owner VALUES (1, 1, 'al' || char(1, 1) || 'ice', 2, 1);
       INSERT INTO scope VALUES (1, 1, 'a', 0, 1, 0), (2, 1, 'b "c"', 1, 1, 0)`,
    )
    const insert = `
      INSERT INTO token (env, public, prefix, name, owner, personal, enabled, version, created, expires, modified, rotated, used,
      used_ip, scope_bits, uses, detail) VALUES (1, ?1, 'lk', ?2, 1, ?3, ?4, 7, 5, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?11)`
    const day = 86_400_000
    const used = [
      [2, -1, null],
      [1, 3 * day, '10.0.0.1'],
    ]
    const withNul = 'n\u0001\u0001\u0001\u0002'
    db.sql(insert).run('plain', withNul, 1, 0, 9007199254740991, -1, null, -1, null, '[]', JSON.stringify(plain))
    const times = [8, 9, 10, 3 * day + 1, '10.0.0.2']
    db.sql(insert).run('rich', 'rich', 0, 1, ...times, JSON.stringify(used), JSON.stringify(rich))
    db.exec(`UPDATE token SET scope_bits = 3 WHERE public = 'rich'; INSERT INTO token_scope SELECT scope, n FROM scope, token
      WHERE public = 'rich'; UPDATE environment SET personal = 1`)
    db.close()
    const store = sqliteStore({ path })
    onTestFinished(() => store.close())
    const environment = await store.open('default')
    const { records } = await readPage(environment, query)
    const owner = 'al\0ice'
    const same = { owner, version: 7, createdAt: 5 }
    expect(records).toEqual([
      {
        ...{ ...same, ...rich, id: 'lk.rich', name: 'rich', personal: false, enabled: true },
        ...{ expiresAt: 8, modifiedAt: 9, rotatedAt: 10, lastUsedAt: 3 * day + 1, lastUsedIp: '10.0.0.2' },
        secrets: [secrets[0], { ...secrets[1], lastUsedAt: 3 * day, lastUsedIp: '10.0.0.1' }],
      },
      { ...same, ...plain, id: 'lk.plain', name: 'n\0\u0001', personal: true, enabled: false },
    ])
    expect(await environment.find('lk.rich')).toEqual(records[0])
    assertConsistent(path)
  })

  test('of the second version keeps what was not filed yet', async () => {
    const path = `${temporaryFolder()}/tokens.db`
    writeFileSync(path, '')
    const db = openDatabase(path, 1_000)
    migrate(db, path, MIGRATIONS.slice(0, 2))
    db.exec(
      `INSERT INTO environment VALUES (1, 'default', 'set', '', 0, 0); INSERT INTO change VALUES (7, 1, 'lk.a'), (8, 1, 'lk.b')`,
    )
    const detail = { scopes: ['s'], networks: [], retired: [], secrets: [{ gen: 1, hash: 'h', tag: '00000001' }] }
    for (const [i, name] of ['a', 'b'].entries()) {
      db.sql(
        `INSERT INTO arrival (env, public, n, prefix, name, owner, personal, enabled, version, created, expires, modified, used,
         scopes, uses, detail) VALUES (1, ?1, ?2, 'lk', ?1, 'o', 0, 1, 1, 0, 9007199254740991, -1, -1, '["s"]', '[[1,-1,null]]', ?3)`,
      ).run(name, i + 1, JSON.stringify(detail))
    }
    migrate(db, path)
    expect(db.sql('SELECT public, seq FROM arrival').all()).toEqual([
      ['a', 9],
      ['b', 10],
    ])
    db.close()
    const store = sqliteStore({ path })
    const { records } = await readPage(await store.open('default'), query)
    await store.close()
    expect(records).toMatchObject([
      { id: 'lk.b', ...detail },
      { id: 'lk.a', ...detail },
    ])
    assertConsistent(path)
  })

  test('of the third version keeps the numbers of what was not filed yet', () => {
    const path = `${temporaryFolder()}/tokens.db`
    writeFileSync(path, '')
    const db = openDatabase(path, 1_000)
    migrate(db, path, MIGRATIONS.slice(0, 3))
    db.exec(`INSERT INTO environment VALUES (1, 'one', 'set', '', 0, 0), (2, 'two', 'set', '', 0, 0)`)
    const arrivals = [
      [41, 9, 2, 'b', 'lk', 'name', 'owner', 1, 5, 6, 7, 8, '["s"]', '["ip"]', '["detail"]'],
      [42, 10, 1, 'a', 'lk', 'name', 'owner', 0, 5, 6, 7, 8, '["s"]', '["ip"]', '["detail"]'],
    ]
    const columns =
      'n, seq, env, public, prefix, name, owner, personal, created, expires, modified, used, scopes, uses, detail'
    for (const arrival of arrivals) {
      db.sql(`INSERT INTO arrival (${columns}) VALUES (${arrival.map(() => '?').join()})`).run(...arrival)
    }
    migrate(db, path)
    expect(db.sql(`SELECT ${columns} FROM arrival ORDER BY n`).all()).toEqual(arrivals)
    db.close()
  })

  test('is not opened and closed beside connections of this process, which would lose their locks', () => {
    const path = `${temporaryFolder()}/tokens.db`
    writeFileSync(path, '')
    const holder = openDatabase(path, 0)
    // Without a write-ahead log, as while it is being created, locks lie on the file itself.
    holder.exec('BEGIN IMMEDIATE')
    prepareFile(path, true)
    const script = `const { openDatabase } = await import(process.argv[1])
      openDatabase(process.argv[2], 0).exec('BEGIN IMMEDIATE')`
    const args = [new URL('../dist/database.js', import.meta.url).href, path]
    const other = spawnSync(process.execPath, ['--input-type=module', '-e', script, ...args], { encoding: 'utf8' })
    expect(other.stderr).toContain('database is locked')
    holder.exec('ROLLBACK')
    holder.close()
  })

  test('that another process makes ours while we look at it is ours', () => {
    const path = `${temporaryFolder()}/tokens.db`
    writeFileSync(path, '')
    const [here, there] = [openDatabase(path, 0), openDatabase(path, 0)]
    // So that a reader holds up no writer.
    here.pragma('journal_mode = WAL')
    const looking: Database = {
      ...here,
      pragma(text) {
        const found = here.pragma(text)
        if (text === 'application_id') migrate(there, path)
        return found
      },
    }
    assertOurs(looking, path)
    expect(there.pragma('user_version')).toBe(MIGRATIONS.length)
    for (const db of [here, there]) db.close()
  })

  test('is not half migrated if a step fails', async () => {
    const path = await filledFile()
    const db = openDatabase(path, 0)
    const broken = [...MIGRATIONS, 'CREATE TABLE extra (n INTEGER); INSERT INTO nowhere VALUES (1)']
    expect(() => migrate(db, path, broken)).toThrow('nowhere')
    expect(db.pragma('user_version')).toBe(MIGRATIONS.length)
    expect(db.sql("SELECT 1 FROM sqlite_master WHERE name = 'extra'").all()).toEqual([])
    db.close()
  })

  test('can be copied while it is in use, and the copy opened', async () => {
    const path = await filledFile()
    const store = sqliteStore({ path })
    const environment = await store.open('default')
    await environment.insert(tokenRecord({ name: 'the last one' }))
    edit(path, `VACUUM INTO '${path}.backup'`)
    const copy = sqliteStore({ path: `${path}.backup`, create: false })
    const restored = await copy.open('default')
    expect(restored.dataset).toBe(environment.dataset)
    expect(await readPage(restored, query)).toEqual(await readPage(environment, query))
    await Promise.all([store.close(), copy.close()])
    assertConsistent(`${path}.backup`)
  })

  test('that was removed or replaced while it was open is a StoreError, until it is back', async () => {
    const path = await filledFile()
    const store = sqliteStore({ path })
    const environment = await store.open('default')
    renameSync(path, `${path}.away`)
    const gone = `${path} was removed or replaced while it was open. Restart to use what is there.`
    await expect(environment.find('lk.X')).rejects.toMatchObject({ code: 'ERR_STORE', message: gone })
    await expect(environment.insert(tokenRecord())).rejects.toMatchObject({ code: 'ERR_STORE', message: gone })
    await expect(environment.list(query)).rejects.toMatchObject({ code: 'ERR_STORE', message: gone })
    mkdirSync(path)
    await expect(environment.insert(tokenRecord())).rejects.toMatchObject({ code: 'ERR_STORE', message: gone })
    rmdirSync(path)
    renameSync(`${path}.away`, path)
    await environment.insert(tokenRecord())
    rmSync(path)
    await expect(environment.find('lk.X')).rejects.toMatchObject({ code: 'ERR_STORE', message: gone })
    await store.close()
  })
})

test.each([
  [{}, 'path'],
  [{ path: '' }, 'path'],
  [{ path: ':memory:' }, 'path'],
  [{ path: 'file:x.db' }, 'path'],
  [{ path: 'x.db', durability: 'none' }, 'durability'],
  [{ path: 'x.db', busyTimeout: -1 }, 'busyTimeout'],
  [{ path: 'x.db', create: 1 }, 'create'],
  [{ path: 'x.db', checkIntegrity: 'no' }, 'checkIntegrity'],
])('the options %j are refused, naming the option', (options, name) => {
  expect(() => sqliteStore(options as SqliteStoreOptions)).toThrow(
    expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(`sqliteStore: ${name} must`) }),
  )
})
