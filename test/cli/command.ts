import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { onTestFinished } from 'vitest'

/** The compiled command. */
const BIN = join(import.meta.dirname, '../../packages/cli/dist/bin.js')
const CLI = join(import.meta.dirname, '../../packages/cli/dist/index.js')
const PEPPER = Buffer.alloc(32, 7).toString('base64')

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Folder {
  readonly path: string
  /** Runs the command in the folder. `input`: what comes on stdin. */
  latchkey(args: readonly string[], input?: string | Uint8Array): Promise<Outcome>
  /** Runs many command lines in one process, one after another, since starting one takes longer than most of them do. */
  latchkeyEach(lines: readonly (readonly string[])[]): Promise<readonly Outcome[]>
  /** Starts it, to be watched or interrupted. */
  start(args: readonly string[]): ReturnType<typeof spawn>
  /** Writes `latchkey.config.mjs`, as a host would. `store` and `options` are the text of expressions. */
  configure(store: string, options?: string): Promise<void>
}

/** Runs each line by the library's own function, and writes its exit code between zeros. */
const EACH = `const { run } = require(process.argv[1])
const each = async () => {
  for (const args of JSON.parse(process.argv[2])) {
    const code = await run(args)
    process.stdout.write('\\0' + code + '\\0')
    process.stderr.write('\\0')
  }
}
each()`

async function ended(child: ReturnType<typeof spawn>): Promise<Outcome> {
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text
    })
  }
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...texts }
}

/** A folder of one test, in which the command runs. */
export async function newFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'latchkey-cli-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  // Where a test runner says that packages are, they are not for a host.
  const env = { ...process.env, NODE_PATH: '' }
  const start = (args: readonly string[]) => spawn(process.execPath, [BIN, ...args], { cwd: path, env })
  return {
    path,
    start,
    async latchkeyEach(lines) {
      const { stdout, stderr } = await ended(
        spawn(process.execPath, ['-e', EACH, CLI, JSON.stringify(lines)], { cwd: path, env }),
      )
      const [outs, errors] = [stdout.split('\0'), stderr.split('\0')]
      return lines.map((_, i) => ({
        code: Number(outs[2 * i + 1]),
        stdout: outs[2 * i] ?? '',
        stderr: errors[i] ?? '',
      }))
    },
    async latchkey(args, input = '') {
      const child = start(args)
      child.stdin.end(input)
      return ended(child)
    },
    async configure(store, options = '') {
      const from = pathToFileURL(join(import.meta.dirname, '../../packages/cli/package.json'))
      await writeFile(
        join(path, 'latchkey.config.mjs'),
        `import { createRequire } from 'node:module'
const require = createRequire(${JSON.stringify(from.href)})
const { createLatchkey, hmacSha256 } = require('@latchkey/core')
const { sqliteStore } = require('@latchkey/store-sqlite')
const { nodePg, postgresStore } = require('@latchkey/store-postgres')
const { nodeRedis, redisStore } = require('@latchkey/store-redis')
const closing = []
async function redis(url) {
  const client = require('redis').createClient({ url, disableOfflineQueue: true })
  await client.connect()
  closing.push(() => client.destroy())
  return redisStore({ client: nodeRedis(client) })
}
function postgres(url) {
  const pool = new (require('pg').Pool)({ connectionString: url })
  closing.push(() => pool.end())
  return postgresStore({ client: nodePg(pool) })
}
const hasher = hmacSha256({ keys: { k1: ${JSON.stringify(PEPPER)} }, current: 'k1' })
export const store = await ${store}
export const latchkey = createLatchkey({ prefix: 'acme', store, hasher, ${options} })
export const close = () => Promise.all(closing.map((end) => end()))
`,
      )
    },
  }
}

export const CONFIG = ['--config', 'latchkey.config.mjs']
export const SQLITE = ['--store', 'sqlite:tokens.db']

/** A folder with a configuration on SQLite, and a first token in it. */
export async function folderWithToken(): Promise<Folder & { readonly id: string; readonly token: string }> {
  const folder = await newFolder()
  await folder.configure("sqliteStore({ path: 'tokens.db' })")
  const token = (
    await folder.latchkey(['create', ...CONFIG, '--name', 'first', '--owner', 'ada', '--scope', '*'])
  ).stdout.trim()
  return { ...folder, token, id: token.split('.').slice(0, 2).join('.') }
}
