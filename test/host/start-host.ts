import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export type Framework = 'express' | 'fastify' | 'koa' | 'hono'
/** On which everything is tried. */
export const FRAMEWORKS: readonly Framework[] = ['express', 'koa']
/** On which the host's routes are tried. */
export const EVERY_FRAMEWORK: readonly Framework[] = [...FRAMEWORKS, 'fastify', 'hono']

/** The compiled example host. */
export const HOST = join(import.meta.dirname, '../../examples/host/dist/main.js')

export interface HostEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** From the signal to the end, in ms. */
  readonly took: number
}

export interface RunningHost {
  readonly url: string
  readonly adminToken: string
  /** All that the host has written so far. */
  stdout(): string
  stderr(): string
  /** Sends the signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<HostEnd>
}

interface HostOptions {
  /** A module that Node loads before the host. */
  readonly preload?: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** Starts the example host with `--json` on a free port, and waits until it listens. */
export async function startHost(framework: Framework, store = 'memory', options?: HostOptions): Promise<RunningHost> {
  const host = spawnHost(['--json', '--port', '0', '--framework', framework, '--store', store], options)
  const [line] = await host.printed(/^.*\n/)
  const { url, adminToken } = JSON.parse(line) as { url: string; adminToken: string }
  return { ...host, url, adminToken }
}

export interface SpawnedHost extends Pick<RunningHost, 'stdout' | 'stderr' | 'stop'> {
  /** The code and the signal of its end. */
  readonly ended: Promise<[number | null, NodeJS.Signals | null]>
  /** Waits until stdout matches. Rejects, with all that was written to stderr, if the host ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
}

/** Argon2id would take most of the time of the tests. `undefined` in `env` gives the host its default back. */
const FAST_HASHER = { HOST_PEPPER: Buffer.alloc(32, 7).toString('base64') }

/** In memory unless `args` names a store: a test must not find what another one left behind. */
export function spawnHost(args: readonly string[], { preload, env = {} }: HostOptions = {}): SpawnedHost {
  const flags = preload === undefined ? [] : ['--import', preload]
  const store = args.includes('--store') ? [] : ['--store', 'memory']
  const child = spawn(process.execPath, [...flags, HOST, ...store, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...FAST_HASHER, ...env },
  })
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return {
    ended,
    stdout: () => stdout,
    stderr: () => stderr,
    async printed(pattern) {
      for (;;) {
        const match = pattern.exec(stdout)
        if (match !== null) return match
        const over = await Promise.race([once(child.stdout, 'data').then(() => false), ended.then(() => true)])
        if (over) throw new Error(`the host ended: ${stderr}`)
      }
    },
    async stop(signal = 'SIGTERM') {
      const from = performance.now()
      child.kill(signal)
      const [code, by] = await ended
      return { code, signal: by, took: performance.now() - from }
    },
  }
}
