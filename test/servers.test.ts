import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { startRedis } from '@latchkey/test-servers'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { redisCommand } from './servers/redis-wire.js'

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
    const program = `import { startRedis } from ${JSON.stringify(import.meta.resolve('./servers/dist/redis.js'))}
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
