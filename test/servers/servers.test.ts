import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { startPostgres, startRedis } from '@latchkey/test-servers'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { redisCommand } from './redis-wire.js'

afterEach(() => vi.unstubAllEnvs())

test('a server answers, restarts empty on its port, and is gone after stop', async () => {
  const server = await startRedis()
  onTestFinished(server.stop)
  expect(await server.command('SET', 'key', 'väl\r\nue')).toBe('OK')
  expect(await server.command('STRLEN', 'key')).toBe(8)
  await expect(server.command('ZADD', 'key', 1, 'x')).rejects.toThrow(/^WRONGTYPE/)
  const { pid } = server
  await server.restart()
  expect(server.pid).not.toBe(pid)
  expect(await server.command('DBSIZE')).toBe(0)
  await server.stop()
  await server.stop()
  await expect(server.command('PING')).rejects.toThrow(/ECONNREFUSED/)
})

test.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)(
  'a server ends with its process, if that is ended by %s',
  async (signal) => {
    const program = `import { startRedis } from ${JSON.stringify(import.meta.resolve('./dist/redis.js'))}
    const server = await startRedis()
    await server.command('SET', 'key', 'value')
    console.log(server.port)
    setInterval(() => {}, 1_000)`
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void parent.kill('SIGKILL'))
    const [line] = await once(parent.stdout, 'data')
    const port = Number(line)
    expect(await redisCommand(port, 'GET', 'key')).toBe('value')
    const ended = once(parent, 'exit')
    parent.kill(signal)
    expect(await ended).toEqual([null, signal])
    await expect.poll(() => redisCommand(port, 'PING').catch(String), { timeout: 20_000 }).toMatch(/ECONNREFUSED/)
  },
)

test('a binary that cannot be run is named in a sentence that says what to do', async () => {
  vi.stubEnv('REDIS_SERVER_BIN', '/nowhere/redis-server')
  await expect(startRedis()).rejects.toThrow(
    '/nowhere/redis-server cannot be run: install redis-server, or set REDIS_SERVER_BIN to its path',
  )
})

test('a PostgreSQL answers, comes back with its data after a crash, freezes, and is gone after stop', async () => {
  const server = await startPostgres()
  onTestFinished(server.stop)
  await server.query('create table kept (value text)')
  await server.query('insert into kept values ($1)', ['väl'])
  await server.kill()
  await expect(server.query('select 1')).rejects.toThrow(/ECONNREFUSED/)
  await server.restart()
  expect(await server.query('select value from kept')).toEqual([{ value: 'väl' }])
  await server.pause()
  let isAnswered = false
  const answer = server.query('select 2 as two').finally(() => {
    isAnswered = true
  })
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(isAnswered).toBe(false)
  await server.resume()
  expect(await answer).toEqual([{ two: 2 }])
  await server.stop()
  await server.stop()
  expect(existsSync(server.folder)).toBe(false)
})

test('a PostgreSQL ends with its process, and leaves no folder behind', async () => {
  const program = `import { startPostgres } from ${JSON.stringify(import.meta.resolve('./dist/postgres.js'))}
  const server = await startPostgres()
  console.log(JSON.stringify([server.port, server.folder]))
  await server.pause()
  setInterval(() => {}, 1_000)`
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void parent.kill('SIGKILL'))
  const [line] = await once(parent.stdout, 'data')
  const [port, folder] = JSON.parse(String(line)) as [number, string]
  parent.kill('SIGKILL')
  await expect.poll(() => existsSync(folder), { timeout: 30_000 }).toBe(false)
  await expect(redisCommand(port, 'PING')).rejects.toThrow(/ECONNREFUSED/)
})
