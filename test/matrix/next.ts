import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Consumer } from './consumer.js'

/** The longest that Next.js may take to start, in ms. */
const START_TIMEOUT = 60_000

/** Builds the application of `host/next`, starts it, and asks it what docs/hosts.md promises. HMAC needs no configuration. */
export async function runsOnNext({ folder }: Consumer, hasher: 'argon2' | 'hmac'): Promise<void> {
  const app = join(folder, `next-${hasher}`)
  await cp(join(folder, 'next'), app, { recursive: true })
  if (hasher === 'hmac') await writeFile(join(app, 'next.config.mjs'), 'export default {}\n')
  const options = { cwd: app, env: { ...process.env, HASHER: hasher, NEXT_TELEMETRY_DISABLED: '1' } }
  const next = join(folder, 'node_modules/next/dist/bin/next')
  await promisify(execFile)(process.execPath, [next, 'build'], options)
  const server = spawn(process.execPath, [next, 'start', '--port', '0'], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(server, 'exit')
  try {
    await ask(await started(server))
  } finally {
    server.kill()
    await ended
  }
}

interface Started {
  readonly origin: string
  readonly token: string
}

/** Resolves when the server has printed its address and its first token. */
function started({
  stdout,
  stderr,
}: {
  readonly stdout: NodeJS.ReadableStream
  readonly stderr: NodeJS.ReadableStream
}) {
  return new Promise<Started>((resolve, reject) => {
    let printed = ''
    const timer = setTimeout(() => reject(new Error(`Next.js did not start: ${printed}`)), START_TIMEOUT)
    for (const stream of [stdout, stderr]) {
      stream.on('data', (text) => {
        printed += String(text)
        const [, origin] = /Local: +(http:\S+)/.exec(printed) ?? []
        const [, token] = /token: (\S+)/.exec(printed) ?? []
        if (origin === undefined || token === undefined) return
        clearTimeout(timer)
        resolve({ origin, token })
      })
    }
  })
}

async function ask({ origin, token }: Started): Promise<void> {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  const status = async (path: string, init: object = { headers }) => (await fetch(origin + path, init)).status
  const read = await fetch(`${origin}/reports`, { headers })
  assert.deepEqual([read.status, await read.json()], [200, { readBy: 'ada' }])
  assert.equal(await status('/reports', {}), 401)
  const body = JSON.stringify({ name: 'made', scopes: ['reports.read'], networks: ['192.0.2.0/24'] })
  const made = await fetch(`${origin}/tokens`, { method: 'POST', headers, body })
  assert.equal(made.status, 201)
  const location = String(made.headers.get('location'))
  assert.match(location, /^\/tokens\//)
  for (const path of ['/tokens', location, '/tokens/self', '/tokens/openapi.json']) {
    assert.equal(await status(path), 200, path)
    assert.equal(await status(path, { method: 'HEAD', headers }), 200, path)
  }
  assert.equal(await status('/tokens/a/b'), 404)
  assert.equal(await status('/tokens/lookup'), 405)
  // The proxy of the page has added the last address.
  const { token: bound } = (await made.json()) as { token: string }
  const from = (forwarded: string) => ({ headers: { Authorization: `Bearer ${bound}`, 'X-Forwarded-For': forwarded } })
  assert.equal(await status('/reports', from('198.51.100.7, 192.0.2.7')), 200)
  assert.equal(await status('/reports', from('192.0.2.7, 198.51.100.7')), 403)
  assert.equal(await status(location, { method: 'DELETE', headers }), 204)
  assert.equal(await status('/reports', from('192.0.2.7')), 401)
}
