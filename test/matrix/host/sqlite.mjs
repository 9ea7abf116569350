import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLatchkey, hmacSha256, StoreError } from '@latchkey/core'
import { sqliteStore } from '@latchkey/store-sqlite'

const folder = mkdtempSync(join(tmpdir(), 'latchkey-bundle-'))
const store = sqliteStore({ path: join(folder, 'tokens.db') })
const hasher = hmacSha256({ keys: { k1: Buffer.alloc(32, 'k') }, current: 'k1' })
const latchkey = createLatchkey({ store, hasher })
const { token } = await latchkey.create({ name: 'n', owner: 'ada', scopes: ['a'] })
if (!(await latchkey.verify(token)).ok) throw new Error('not let in')
await latchkey.close()
// The store is another module than this bundle, with another copy of core: its errors are known all the same.
const absent = sqliteStore({ path: join(folder, 'absent.db'), create: false })
const failure = await absent.open('default').then(
  () => undefined,
  (error) => error,
)
await absent.close()
if (!(failure instanceof StoreError)) throw new Error(`not known as a StoreError: ${failure}`)
rmSync(folder, { recursive: true })
console.log('ok')
