import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { startRedis } from '../src/index.js'

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

test('a binary that cannot be run is named in a sentence that says what to do', async () => {
  vi.stubEnv('REDIS_SERVER_BIN', '/nowhere/redis-server')
  await expect(startRedis()).rejects.toThrow(
    '/nowhere/redis-server cannot be run: install redis-server, or set REDIS_SERVER_BIN to its path',
  )
})
