import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StoreError } from '@latchkey/core/store'
import { readPage, tokenRecord } from '@latchkey/testkit'
import { describe, expect, test } from 'vitest'
import { type SqliteStoreOptions, sqliteStore } from '../src/index.js'
import { assertConsistent } from './support/consistency.js'
import { edit, openRaw, temporaryFolder } from './support/files.js'

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

/** A file with 200 tokens in it, closed. */
async function filledFile(): Promise<string> {
  const path = `${temporaryFolder()}/tokens.db`
  const store = sqliteStore({ path })
  const environment = await store.open('default')
  await Promise.all(Array.from({ length: 200 }, () => environment.insert(tokenRecord())))
  await store.close()
  return path
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

  test('is refused if it is a symbolic link, also one that leads nowhere or to a file, and nothing is created', async () => {
    const folder = temporaryFolder()
    const path = `${folder}/link.db`
    for (const target of [`${folder}/nowhere.db`, await filledFile(), folder]) {
      symlinkSync(target, path)
      expect(await refusal({ path })).toBe(`${path} is a symbolic link. Name the file that it leads to.`)
      rmSync(path)
    }
    expect(statSync(`${folder}/nowhere.db`, { throwIfNoEntry: false })).toBeUndefined()
    symlinkSync(folder, `${folder}/folder`)
    const store = sqliteStore({ path: `${folder}/folder/tokens.db` })
    await store.open('default')
    expect(statSync(`${folder}/tokens.db`).mode & 0o777).toBe(0o600)
    await store.close()
  })

  test('that others can read or write is warned of, once', async () => {
    const warnings: Error[] = []
    const listener = (warning: Error) => void warnings.push(warning)
    process.on('warning', listener)
    try {
      const [own, wide] = [await filledFile(), await filledFile()]
      for (const mode of [0o666, 0o640]) {
        chmodSync(wide, mode)
        for (const path of [own, wide]) {
          const store = sqliteStore({ path })
          await store.open('default')
          await store.open('other')
          await store.close()
        }
      }
      await new Promise((resolve) => setImmediate(resolve))
      expect(warnings).toMatchObject([{ code: 'LATCHKEY_FILE_MODE' }])
      expect(warnings[0]?.message).toContain(`${wide} has the mode 666`)
    } finally {
      process.off('warning', listener)
    }
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
    const file = openRaw(path)
    expect([file.value('PRAGMA journal_mode'), file.value('SELECT count(*) FROM sqlite_schema')]).toEqual(['delete', 1])
    file.close()
  })

  test('is refused if a newer version wrote it', async () => {
    const path = await filledFile()
    edit(path, 'PRAGMA user_version = 99')
    expect(await refusal({ path })).toBe(
      `${path} was written by a newer version of Latchkey (schema 99; this one knows up to 1).`,
    )
  })

  test('is refused if it is damaged, unless the check is off', async () => {
    const path = await filledFile()
    // The pages of one index, mixed up.
    const { size } = statSync(path)
    const raw = openRaw(path)
    const page = Number(raw.value("SELECT rootpage FROM sqlite_schema WHERE name = 'token_by_public_part'"))
    const pageSize = Number(raw.value('PRAGMA page_size'))
    raw.close()
    const file = openSync(path, 'r+')
    writeSync(file, Buffer.alloc(pageSize, 7), 0, pageSize, (page - 1) * pageSize)
    closeSync(file)
    expect(statSync(path).size).toBe(size)
    expect(await refusal({ path })).toMatch(/ damaged \(.*\); restore it from a backup\.$/s)
    const store = sqliteStore({ path, checkIntegrity: false })
    await store.open('default')
    await store.close()
  })

  test('keeps the locks that other connections of this process have on it', async () => {
    const path = `${temporaryFolder()}/tokens.db`
    writeFileSync(path, '')
    const holder = openRaw(path)
    // Without a write-ahead log, as while it is being created, locks lie on the file itself: whoever closes it releases them.
    holder.exec('BEGIN IMMEDIATE')
    expect(await refusal({ path, busyTimeout: 50 })).toBe(`${path}: the file is locked by another process.`)
    const script = `const { default: Libsql } = await import('libsql')
      new Libsql(process.argv[1]).exec('BEGIN IMMEDIATE')`
    const folder = fileURLToPath(new URL('..', import.meta.url))
    const args = ['--input-type=module', '-e', script, path]
    const other = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: folder })
    expect(other.stderr).toContain('database is locked')
    holder.exec('ROLLBACK')
    holder.close()
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
    await expect(environment.ping()).rejects.toMatchObject({ code: 'ERR_STORE', message: gone })
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
