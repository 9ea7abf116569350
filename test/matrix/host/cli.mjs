// The command as npm installs it, on a file of its own: it makes a token, which the service's instance lets in, and revokes it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'latchkey-cli-'))
process.env.TOKENS = join(folder, 'tokens.db')
const bin = join(import.meta.dirname, 'node_modules/.bin/latchkey')
const command = (...args) =>
  execFileSync(process.execPath, [bin, ...args], { cwd: import.meta.dirname, encoding: 'utf8' })

const config = ['--config', 'latchkey.config.mjs']
const token = command('create', ...config, '--name', 'n', '--owner', 'ada', '--scope', '*').trim()
const { latchkey, store } = await import('./latchkey.config.mjs')
assert.equal((await latchkey.verify(token)).ok, true)
const [listed] = command('list', '--store', `sqlite:${process.env.TOKENS}`, '--json').trim().split('\n').map(JSON.parse)
assert.deepEqual([listed.name, listed.owner], ['n', 'ada'])
command('revoke', listed.id, ...config, '--yes')
await latchkey.close()
await store.close()
rmSync(folder, { recursive: true })
console.log('ok')
