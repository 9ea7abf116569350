// A module loaded by import and by require, and each store, in one process: there is one of it.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { argon2id, createLatchkey } from '@latchkey/core'

const require = createRequire(import.meta.url)
for (const name of JSON.parse(process.argv[2])) {
  const [imported, required] = [await import(name), require(name)]
  for (const key of Object.keys(required)) assert.equal(imported[key], required[key], `${name}: ${key}`)
}

const folder = await mkdtemp(join(tmpdir(), 'latchkey-one-'))
const { sqliteStore } = require('@latchkey/store-sqlite')
const latchkey = createLatchkey({
  store: sqliteStore({ path: join(folder, 'tokens.db') }),
  hasher: argon2id({ memory: 64, passes: 1 }),
})
try {
  const { token } = await latchkey.create({ name: 'n', owner: 'ada', scopes: ['a'] })
  assert.equal((await latchkey.verify(token)).ok, true)
} finally {
  await latchkey.close()
  await rm(folder, { recursive: true, force: true })
}
console.log('ok')
