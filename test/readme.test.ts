import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
const running: ChildProcess[] = []
const folders: string[] = []

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

test('the README has less than 150 lines', () => {
  expect(readme.split('\n').length).toBeLessThan(150)
})

test.each(['express', 'koa'])('the %s example runs as printed', async (name) => {
  const code = readme
    .split(`<!-- run: ${name} -->
\`\`\`js
`)[1]
    ?.split('```')[0]
  if (code === undefined) throw new Error(`the README has no ${name} example`)
  expect(code.trim().split('\n').length).toBeLessThanOrEqual(15)

  const { port, output } = await run(code)
  const token = /Bearer (\S+)'/.exec(output)?.[1]
  const url = `http://127.0.0.1:${port}/reports`
  const refused = await fetch(url)
  expect(refused.status).toBe(401)
  expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="api"')
  const admitted = await fetch(url, { headers: { Authorization: `Bearer ${token}` } })
  expect(admitted.status).toBe(200)
  expect(await admitted.json()).toEqual({ hello: 'me' })
})

/** Runs an example until it listens and has printed its line. */
async function run(code: string): Promise<{ port: number; output: string }> {
  // Inside this package, where the packages under test resolve as they do for a host.
  const folder = mkdtempSync(join(import.meta.dirname, '.example-'))
  folders.push(folder)
  const file = join(folder, 'example.mjs')
  writeFileSync(file, code)
  const preload = join(import.meta.dirname, 'listen-anywhere.mjs')
  const child = spawn(process.execPath, ['--import', preload, file], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  running.push(child)
  const [[message], [printed]] = await Promise.all([
    once(child, 'message'),
    once(child.stdout as NodeJS.ReadableStream, 'data'),
  ])
  return { port: (message as { port: number }).port, output: String(printed) }
}
