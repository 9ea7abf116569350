// From a bare copy of the repository to a running host, by npm alone, and the sentences when that cannot be.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { runProgram } from '../run-program.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Stands in for the example host: what is tested here is the way to it. */
const HOST = `import { createServer } from 'node:http'
const server = createServer().listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ args: process.argv.slice(2), pid: process.pid }))
})
process.once('SIGTERM', () => server.close(() => process.exit(7)))
`

let copy: string

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'latchkey-set-up-'))
  const generated = ['node_modules', 'dist', '.git', '.latchkey', 'coverage']
  await cp(root, copy, { recursive: true, filter: (path) => !generated.includes(basename(path)) })
  await writeFile(join(copy, 'examples/host/src/main.ts'), HOST)
})

afterAll(() => rm(copy, { recursive: true, force: true }))

/** Starts the host as a user would, and waits for its line. */
async function npmStart() {
  const npm = spawn('npm', ['start', '--', '--json'], { cwd: copy, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const closed = once(npm, 'close')
  onTestFinished(() => {
    if (npm.exitCode === null && npm.pid !== undefined) process.kill(-npm.pid, 'SIGKILL')
  })
  let progress = ''
  npm.stderr.setEncoding('utf8').on('data', (text: string) => {
    progress += text
  })
  const lines: string[] = []
  const output = createInterface(npm.stdout).on('line', (line) => lines.push(line))
  await Promise.race([once(output, 'line'), closed])
  const stop = async () => {
    npm.kill('SIGTERM')
    const [code] = await closed
    return { code }
  }
  return { lines, progress: () => progress, stop }
}

test('npm start installs, builds and runs; the second time it does neither again; SIGTERM to npm ends the host', async () => {
  const compiled = () => stat(join(copy, 'packages/core/dist/index.js'))
  const first = await npmStart()
  expect(first.progress()).toMatch(
    /install the packages.*\n.*build the tokens page.*\n.*compile the packages.*\n.*start the example host/,
  )
  expect(first.lines.map((line) => JSON.parse(line))).toEqual([{ args: ['--json'], pid: expect.any(Number) }])
  expect((await first.stop()).code).toBe(7)

  const before = await compiled()
  const second = await npmStart()
  expect(second.progress()).not.toContain('install')
  expect((await compiled()).mtimeMs).toBe(before.mtimeMs)
  const { pid } = JSON.parse(second.lines[0] ?? '')
  const end = await second.stop()
  expect(end.code).toBe(7)
  expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  expect(second.lines).toHaveLength(1)
})

const run = (...args: string[]) => runProgram(process.execPath, args, copy)

test('an old Node is told so', async () => {
  const old = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.1' } })`
  await writeFile(join(copy, 'old-node.cjs'), old)
  const sentence = 'latchkey: Node 20.19 or newer is needed; this is Node 18.20.1.\n'
  expect(await run('--require', './old-node.cjs', 'tools/run.mjs', 'start')).toEqual({
    code: 1,
    stdout: '',
    stderr: sentence,
  })
})

test('a command and a benchmark must be known', async () => {
  const command = await run('tools/run.mjs', 'strat')
  expect(command).toMatchObject({ code: 2, stderr: expect.stringContaining('Unknown command "strat". Known: start, ') })
  const bench = await run('tools/run.mjs', 'bench', 'nothing')
  expect(bench).toMatchObject({ code: 2, stderr: expect.stringContaining('There are: ') })
})

test('a step that fails is named, without a stack trace', async () => {
  await writeFile(join(copy, 'packages/core/src/wrong.ts'), "export const wrong: number = 'text'\n")
  const { code, stderr } = await run('tools/run.mjs', 'start')
  await rm(join(copy, 'packages/core/src/wrong.ts'))
  expect(stderr).toContain('latchkey: This step failed: compile the packages (tsc -b).')
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(code).not.toBe(0)
})

test('a build removes what it compiled from a source that is gone', async () => {
  const output = (name: string) => join(copy, 'packages/koa/dist', name)
  await writeFile(output('gone.js'), '')
  expect(await run('tools/run.mjs', 'build')).toMatchObject({ code: 0 })
  expect(existsSync(output('gone.js'))).toBe(false)
  expect(existsSync(output('index.js'))).toBe(true)
})

test('an installation that fails is told in a sentence, without a stack trace', async () => {
  const env = {
    npm_config_registry: 'http://127.0.0.1:1',
    npm_config_cache: join(copy, 'empty-cache'),
    npm_config_fetch_retries: '0',
  }
  await rm(join(copy, 'node_modules/.latchkey-stamp'))
  const { code, stderr } = await runProgram('env', [...pairs(env), process.execPath, 'tools/run.mjs', 'start'], copy)
  expect(stderr).toContain('latchkey: The packages could not be installed.')
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(code).toBe(1)
})

function pairs(env: Record<string, string>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`)
}
