import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { endExamples, startExample } from './start-example.js'

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
const folders: string[] = []

afterEach(() => {
  endExamples()
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

  // Inside this package, where the packages under test resolve as they do for a host.
  const folder = mkdtempSync(join(import.meta.dirname, '.example-'))
  folders.push(folder)
  writeFileSync(join(folder, 'example.mjs'), code)
  const { origin, output } = await startExample(join(folder, 'example.mjs'))
  const token = /Bearer (\S+)'/.exec(output)?.[1]
  const url = `${origin}/reports`
  const refused = await fetch(url)
  expect(refused.status).toBe(401)
  expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="api"')
  const admitted = await fetch(url, { headers: { Authorization: `Bearer ${token}` } })
  expect(admitted.status).toBe(200)
  expect(await admitted.json()).toEqual({ hello: 'me' })
})
