// What the example host prints, and the sentences when it cannot run.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runProgram } from '../run-program.js'
import { FRAMEWORKS, HOST, spawnHost } from './start-host.js'

test.each(FRAMEWORKS)('on %s what it prints can be pasted into a shell, and Ctrl-C ends it', async (framework) => {
  const host = spawnHost(['--port', '0', '--framework', framework])
  onTestFinished(async () => void (await host.stop()))
  await host.printed(/-d '.*'\n/)
  const [token, ...commands] = host.stdout().match(/(?<=^ *)(?:TOKEN=|curl ).*$/gm) ?? []
  const answers: string[] = []
  for (const command of commands) {
    answers.push((await runProgram('sh', ['-c', `${token}; ${command} -sS`], '/')).stdout)
  }
  expect(answers).toEqual([
    expect.stringMatching(/^HTTP\/1.1 401 /),
    expect.stringMatching(/^HTTP\/1.1 200 [\s\S]*"metrics"/),
    expect.stringMatching(/^HTTP\/1.1 201 [\s\S]*"token":"acme\./),
  ])
  expect(host.stdout()).toContain('Tokens are kept in memory')
  expect(await host.stop('SIGINT')).toMatchObject({ code: 0, signal: null })
  expect(host.stderr()).toMatch(/^\nStopping.*\nStopped\. The tokens are gone\.\n$/)
})

const run = (...args: string[]) => runProgram(process.execPath, [HOST, ...args], '/')

test('a wrong option is answered with a sentence and how the host is used', async () => {
  const { code, stdout, stderr } = await run('--framework', 'hapi')
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain('--framework must be one of express, fastify, koa, hono, not hapi.')
  expect(stderr).toContain('Usage: npm start -- [options]')
  expect(stderr).not.toMatch(/^\s+at /m)
})

test('--help says what each option does', async () => {
  const { code, stdout, stderr } = await run('--help')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const named = stdout.match(/(?<=^ {2})--[a-z-]+/gm)
  expect(named).toEqual(['--framework', '--store', '--port', '--audit', '--reset-admin', '--json', '--help'])
})

test.each([
  [['--port', '65536'], '--port must be 0 to 65535, not 65536.'],
  [['--port', 'http'], '--port must be 0 to 65535, not http.'],
  [['--colour'], "Unknown option '--colour'"],
  [['--port'], "'--port <value>' argument missing"],
  [['start'], "Unexpected argument 'start'"],
])('%j is refused with a sentence', async (args, sentence) => {
  const { readArguments } = await import(join(dirname(HOST), 'arguments.js'))
  expect(() => readArguments(args)).toThrow(sentence)
})

test('an unknown store is answered with a sentence', async () => {
  const { code, stdout, stderr } = await run('--store', 'papyrus', '--port', '0')
  expect(code).toBeGreaterThan(0)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/^--store must be .*, not papyrus\.\n/)
  expect(stderr).not.toMatch(/^\s+at /m)
})

test('a port in use is answered with a sentence', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void other.close())
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' ? address?.port : undefined
  expect(await run('--json', '--port', String(port))).toEqual({
    code: 1,
    stdout: '',
    stderr: `Port ${port} is in use. Choose another with --port; 0 takes any that is free.\n`,
  })
})
