// A host with all that is native, to be bundled: Argon2id, which is the default, and SQLite.
const { mkdtempSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { createLatchkey } = require('@latchkey/core')
const { sqliteStore } = require('@latchkey/store-sqlite')

async function run() {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bundle-'))
  const store = sqliteStore({ path: join(folder, 'tokens.db') })
  const latchkey = createLatchkey({ prefix: 'acme', store })
  const { token } = await latchkey.create({ name: 'n', owner: 'ada', scopes: ['a'] })
  const { ok } = await latchkey.verify(token)
  await latchkey.close()
  await store.close()
  rmSync(folder, { recursive: true })
  return ok ? 'ok' : 'refused'
}

run().then(console.log, console.error)
