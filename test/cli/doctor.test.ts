import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sqliteStore } from '@latchkey/store-sqlite'
import { startPostgres, startPostgresReplica, startRedis, startReplica } from '@latchkey/test-servers'
import { tokenRecord } from '@latchkey/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { LONG } from '../long.js'
import { CONFIG, folderWithToken, newFolder } from './command.js'

/** What `npm run long` runs alone. */
const inLong = LONG ? test : ((() => undefined) as unknown as typeof test)
const DAY = 86_400_000

test('tokens that never expire, are not used, have expired, and hashes that nobody can check', async () => {
  const folder = await newFolder()
  await folder.configure("sqliteStore({ path: 'tokens.db' })")
  const store = sqliteStore({ path: `${folder.path}/tokens.db` })
  const environment = await store.open('default')
  const now = Date.now()
  await environment.insert(tokenRecord({ createdAt: now, expiresAt: now + DAY }))
  const healthy = await folder.latchkey(['doctor', '--store', `sqlite:${folder.path}/tokens.db`])
  expect(healthy).toMatchObject({ code: 0, stderr: '' })
  expect(healthy.stdout).toMatch(
    /^ok {7}The store answers within \d+ ms\.\nok {7}The environment default has 1 token\.\n$/,
  )

  await environment.insert(tokenRecord({ createdAt: now }))
  await environment.insert(tokenRecord({ createdAt: now - 100 * DAY, expiresAt: now - DAY }))
  const foreign = tokenRecord({ createdAt: now, expiresAt: now + DAY })
  await environment.insert({ ...foreign, secrets: foreign.secrets.map((secret) => ({ ...secret, format: 'old' })) })
  await store.close()
  const { code, stdout, stderr } = await folder.latchkey(['doctor', ...CONFIG])
  expect(stdout).toMatch(/^notice {3}1 token will never expire\. Set maxLifetime/m)
  expect(stdout).toMatch(/^notice {3}1 token went unused for 90 days\. latchkey list --unused-since now-90d/m)
  expect(stdout).toMatch(/^notice {3}1 token expired\. latchkey purge/m)
  expect(stdout).toMatch(/^notice {3}1 token came from another system\. latchkey rotate/m)
  expect(stdout).toMatch(/^error {4}No configured hasher can check 4 tokens\. Add their hasher to acceptHashers/m)
  expect({ code, stderr }).toEqual({ code: 1, stderr: 'latchkey: Something is wrong: see above.\n' })
})

inLong('a replica, and the settings of Redis', async () => {
  const server = await startRedis()
  onTestFinished(() => server.stop())
  const folder = await newFolder()
  const doctor = ({ port }: { port: number }) => folder.latchkey(['doctor', '--store', `redis://127.0.0.1:${port}`])
  expect((await doctor(server)).stderr).toMatch(/There is no environment default in this store\./)
  await folder.latchkey(['init', '--store', `redis://127.0.0.1:${server.port}`, '--yes'])
  expect(await doctor(server)).toMatchObject({ code: 0, stderr: '' })
  expect((await doctor(server)).stdout).toMatch(/^ok {7}The server is Redis \d+\.\d+/m)
  const replica = await startReplica(server)
  onTestFinished(() => replica.stop())
  const { code, stdout } = await doctor(replica)
  expect(code).toBe(1)
  expect(stdout).toMatch(/^error {4}The server is a replica, which takes no writes\. Name the primary/m)
})

inLong('a replica of PostgreSQL', async () => {
  const server = await startPostgres()
  onTestFinished(() => server.stop())
  const folder = await folderWithToken()
  await folder.latchkey(['copy', '--from', 'sqlite:tokens.db', '--to', server.url])
  const first = await folder.latchkey(['doctor', '--store', server.url])
  expect(first.stdout).toMatch(/^ok {7}The server is PostgreSQL \d+/m)
  const replica = await startPostgresReplica(server)
  onTestFinished(() => replica.stop())
  const { code, stdout, stderr } = await folder.latchkey(['doctor', '--store', replica.url])
  expect(code).toBe(1)
  expect(stdout + stderr).toMatch(/replica/)
})

test('two copies of core', async () => {
  const folder = await newFolder()
  await folder.configure("sqliteStore({ path: 'tokens.db' })")
  const install = async (path: string, version: string) => {
    await mkdir(join(folder.path, 'node_modules', path), { recursive: true })
    await writeFile(join(folder.path, 'node_modules', path, 'package.json'), JSON.stringify({ version }))
  }
  await install('@latchkey/core', '1.0.0')
  await install('@latchkey/koa', '1.0.0')
  expect(await folder.latchkey(['doctor', ...CONFIG])).toMatchObject({ code: 0, stderr: '' })
  await install('@latchkey/koa/node_modules/@latchkey/core', '0.9.0')
  const { code, stdout } = await folder.latchkey(['doctor', ...CONFIG])
  expect(stdout).toMatch(
    /^error {4}There are 2 copies of @latchkey\/core: 1\.0\.0 in .*, 0\.9\.0 in .*koa.*\. Install one/m,
  )
  expect(code).toBe(1)
})
