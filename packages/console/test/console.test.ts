// The files of the tokens page, as the management routes answer with them. What people do on it is in test/console.
import { gunzipSync, gzipSync } from 'node:zlib'
import { createLatchkey, memoryStore } from '@latchkey/core'
import { createRouter, type HttpRequest, type RoutesOptions } from '@latchkey/core/adapter'
import { testHasher } from '@latchkey/testkit'
import { describe, expect, test } from 'vitest'
import { tokenConsole } from '../src/index.js'

const latchkey = createLatchkey({ store: memoryStore(), hasher: testHasher, cache: { max: 10 } })

const MOUNT = '/account/tokens'
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

interface Asked {
  readonly headers?: HttpRequest['headers']
  readonly options?: RoutesOptions<undefined>
}

async function ask(line: string, { headers = {}, options }: Asked = {}) {
  const [method = '', target = ''] = line.split(' ')
  const [path = '', search = ''] = target.split(/(?=\?)/)
  const router = createRouter({ dialect: 'latchkey', console: tokenConsole(), ...options })
  const request = { method, mount: MOUNT, path, search, headers, ip: '127.0.0.1', body: async () => undefined }
  const answer = await router(latchkey, request, undefined)
  return { ...answer, text: answer?.body instanceof Buffer ? answer.body.toString() : undefined }
}

async function filesOf(options?: RoutesOptions<undefined>): Promise<string[]> {
  const { text = '' } = await ask('GET /console/', { ...(options && { options }) })
  return [...text.matchAll(/(?:src|href)="(assets\/[^"]+)"/g)].map(([, name]) => String(name))
}

test('the page has its protections, and is stored nowhere', async () => {
  const { status, headers, text } = await ask('GET /console/')
  expect(status).toBe(200)
  expect(headers).toEqual({
    'Content-Security-Policy': POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
    'Content-Type': 'text/html; charset=utf-8',
  })
  expect(text).toMatch(/^<!doctype html>/)
  expect(text).not.toMatch(/<style|<script>|style=| on[a-z]+=|https?:\/\/(?!www\.w3\.org\/2000\/svg)/)
  expect(await ask('HEAD /console/')).toMatchObject({ status: 200, headers })
})

test('its files are named after what is in them, and kept for a year', async () => {
  const files = await filesOf()
  expect(files).toEqual([
    expect.stringMatching(/^assets\/page-[\w-]{8}\.css$/),
    expect.stringMatching(/^assets\/theme-[\w-]{8}\.css$/),
    expect.stringMatching(/^assets\/page-[\w-]{8}\.js$/),
  ])
  for (const file of files) {
    const { status, headers } = await ask(`GET /console/${file}`)
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      'Cache-Control': 'public, max-age=31536000, immutable',
      'Content-Security-Policy': POLICY,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Content-Type': file.endsWith('.js') ? 'text/javascript; charset=utf-8' : 'text/css; charset=utf-8',
    })
  }
})

test('they are sent compressed to whoever takes that, with at most 60 kB in all', async () => {
  const zipped = { headers: { 'accept-encoding': 'br;q=1.0, gzip;q=0.8' } }
  let bytes = gzipSync((await ask('GET /console/')).text ?? '').length
  for (const file of await filesOf()) {
    const { headers, body } = await ask(`GET /console/${file}`, zipped)
    expect(headers).toMatchObject({ 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' })
    const plain = await ask(`GET /console/${file}`, { headers: { 'accept-encoding': 'gzip;q=0, br' } })
    expect(plain.headers).not.toHaveProperty('Content-Encoding')
    expect(gunzipSync(body as Buffer).equals(plain.body as Buffer)).toBe(true)
    bytes += (body as Buffer).length
  }
  expect(bytes).toBeLessThanOrEqual(60_000)
})

test('the path without a slash leads to the page, whatever stands in front of it', async () => {
  const { status, headers } = await ask('GET /console?owner=ada')
  expect({ status, headers }).toEqual({ status: 302, headers: { Location: 'console/?owner=ada' } })
})

test.each([
  'index.html',
  'assets',
  'assets/',
  'assets/none.js',
  '../openapi.json',
  '..%2f..%2fpackage.json',
  '%2e%2e/%2e%2e/etc/passwd',
  '/etc/passwd',
  '__proto__',
])('there is no file %s', async (name) => {
  expect(await ask(`GET /console/${name}`)).toMatchObject({ status: 404, body: { code: 'ERR_NOT_FOUND' } })
})

test('other methods are told so, and preflight requests left to the host', async () => {
  expect(await ask('POST /console/')).toMatchObject({ status: 405, headers: { Allow: 'GET, HEAD' } })
  expect(await ask('DELETE /console')).toMatchObject({ status: 405 })
  expect((await ask('OPTIONS /console/')).status).toBeUndefined()
})

test('without the option there is no page', async () => {
  expect(await ask('GET /console/', { options: { console: undefined } })).toMatchObject({ status: 401 })
})

test('the title is text', async () => {
  const { text } = await ask('GET /console/', { options: { console: tokenConsole({ title: '</title><b> & "\'' }) } })
  expect(text).toContain('<title>&#60;/title&#62;&#60;b&#62; &#38; &#34;&#39;</title>')
})

test('the page knows whether somebody may be signed in already', async () => {
  const authorize = () => undefined
  const flags = async (asked: Asked) =>
    /<html lang="en"([^>]*)>/.exec((await ask('GET /console/', asked)).text ?? '')?.[1]
  expect(await flags({})).toBe('')
  expect(await flags({ options: { authorize } })).toBe(' data-may-sign-in')
  expect(await flags({ headers: { authorization: 'Bearer x' } })).toBe(' data-may-sign-in')
  expect(await flags({ options: { authorize, sessionOnly: true } })).toBe(' data-may-sign-in data-session-only')
  expect(await flags({ options: { console: tokenConsole({ tokenLink: true }) } })).toBe(' data-token-link')
})

test('a theme sets the custom properties, for dark pages too', async () => {
  const page = tokenConsole({ theme: { accent: '#8a2be2', radius: '0', dark: { accent: 'rgb(200, 160, 255)' } } })
  const options = { console: page }
  const [, theme = ''] = await filesOf(options)
  expect(theme).not.toBe((await filesOf())[1])
  expect((await ask(`GET /console/${theme}`, { options })).text).toBe(
    `:root {\n--accent: #8a2be2;\n--radius: 0;\n}\n@media (prefers-color-scheme: dark) {\n:root {\n--accent: rgb(200, 160, 255);\n}\n}\n`,
  )
})

describe('set-up refuses', () => {
  test.each([
    [{ titel: 'x' }, 'tokenConsole.titel is not an option. There are: title, theme, tokenLink'],
    [{ title: ' ' }, 'tokenConsole.title must be a text of 1 to 100 characters'],
    [{ tokenLink: 'yes' }, 'tokenConsole.tokenLink must be true or false'],
    [{ theme: { acent: 'red' } }, 'tokenConsole.theme.acent is not an option'],
    [{ theme: { accent: 'red; } body { display: none' } }, 'tokenConsole.theme.accent must be a value of CSS'],
    [{ theme: { dark: { surface: 'url(//evil.example)' } } }, 'tokenConsole.theme.dark.surface must be a value of CSS'],
  ])('%j', (options, sentence) => {
    expect(() => tokenConsole(options as object)).toThrow(sentence)
  })

  test.each(['dynatrace', 'panther', undefined] as const)('a page in the words of %s', (dialect) => {
    expect(() => createRouter({ dialect, console: tokenConsole() })).toThrow(
      `tokenRoutes.console needs dialect: 'latchkey', whose words the page speaks, not '${dialect ?? 'dynatrace'}'`,
    )
  })

  test('a page that is none', () => {
    expect(() => createRouter({ dialect: 'latchkey', console: true as never })).toThrow(
      'tokenRoutes.console must be tokenConsole() of @latchkey/console, not true',
    )
  })
})
