// The search behind `npm run secrets` and test/threats/secrets.test.ts finds what there is, and nothing else.
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { expect, onTestFinished, test } from 'vitest'
import { searchFolder } from '../../tools/secrets/folder.mjs'
import { searchFor, tokensIn } from '../../tools/secrets/search.mjs'

async function issue(): Promise<string> {
  const latchkey = createLatchkey({ prefix: 'acme', store: memoryStore() })
  const { token } = await latchkey.create({ name: 'n', owner: 'o', scopes: ['a'] })
  await latchkey.close()
  return token
}

test('a secret is found whole or in part, in any case, in hex, in base64 and as a digest', async () => {
  const token = await issue()
  const secret = token.slice(-64)
  const find = searchFor([await issue(), token])
  const formsIn = (text: string) =>
    find(text)
      .filter((trace) => trace.token === token)
      .map(({ form }) => form)
  expect(find(`{"token":"${token}"}`)).toEqual([{ token, form: 'part', index: `{"token":"${token}"}`.indexOf(secret) }])
  for (const text of [secret.toLowerCase(), secret.slice(0, 20), secret.slice(13, 45), secret.slice(-24)]) {
    expect(formsIn(`x${text}.`)).toEqual(['part'])
  }
  expect(formsIn(Buffer.from(token).toString('hex'))).toEqual(['hex'])
  expect(formsIn(Buffer.from(secret).toString('hex').toUpperCase())).toEqual(['hex'])
  for (const before of ['', 'a', 'ab']) {
    expect(formsIn(Buffer.from(before + secret).toString('base64'))).toEqual(['base64'])
    expect(formsIn(Buffer.from(before + token).toString('base64url'))).toEqual(['base64'])
  }
  expect(formsIn(createHash('sha256').update(token).digest('hex'))).toEqual(['digest'])
  expect(formsIn(createHash('sha256').update(secret).digest('hex'))).toEqual(['digest'])

  const id = token.slice(0, -65)
  const digest = createHash('sha256').update(token).digest('hex')
  for (const harmless of [id, secret.slice(0, 15), digest.slice(0, 8), await issue()]) {
    expect(formsIn(harmless)).toEqual([])
  }
})

test('a text is a token by its shape and checksum', async () => {
  const token = await issue()
  const broken = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A')
  expect(tokensIn(`"${token}" ${broken} ${token.toLowerCase()} x-${token}`)).toEqual([token, token])
})

test('what a run left is searched, and a program may only tell where it is meant to', async () => {
  // Not among the temporary files, which `npm run secrets` keeps and searches: secrets do lie in these.
  const folder = mkdtempSync(join(import.meta.dirname, '../.example-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const write = (name: string, text: string) => {
    mkdirSync(join(folder, dirname(name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const [known, stranger] = [await issue(), await issue()]
  write('processes/1/program', join(import.meta.dirname, '../../examples/host/dist/main.js'))
  write('processes/1/issued', `${known.slice(0, -7)}\n`)
  write('processes/1/stdout', known)
  write('processes/2/program', join(import.meta.dirname, '../threats/other.mjs'))
  expect(searchFolder(folder)).toMatchObject({ issued: 1, processes: 2, found: [] })
  expect([...searchFolder(folder).told]).toEqual([['stdout of examples/host/dist/main.js', 1]])

  write('processes/1/stderr', `Error: ${known}`)
  write('processes/2/stdout', known)
  write('kept/a/tokens.sqlite-wal', `\u0000${known.slice(-64)}`)
  write('stdout', stranger)
  write('kept/a/node_modules/b/c', known)
  const places = searchFolder(folder).found.map(({ form, place }) => `${form}: ${place}`)
  expect(places.toSorted((a, b) => a.localeCompare(b))).toEqual([
    'a token that was not recorded: stdout',
    'part: kept/a/tokens.sqlite-wal',
    'part: stderr of examples/host/dist/main.js',
    'part: stdout of test/threats/other.mjs',
  ])
})
