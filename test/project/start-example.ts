import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface RunningExample {
  readonly origin: string
  /** What it had printed first. */
  readonly output: string
  /** Ends it as a process manager would; resolves to its exit code. */
  stop(): Promise<number | null>
}

const running = new Set<ChildProcess>()

/** Starts a program, on a free port instead of its own, and waits until it listens and has printed something. */
export async function startExample(file: string): Promise<RunningExample> {
  const preload = join(import.meta.dirname, 'listen-anywhere.mjs')
  const child = spawn(process.execPath, ['--import', preload, file], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  running.add(child)
  child.once('exit', () => running.delete(child))
  const ended = once(child, 'exit').then(([code]): never => {
    throw new Error(`${file} ended with ${code} instead of listening`)
  })
  const ready = Promise.all([once(child, 'message'), once(child.stdout as NodeJS.ReadableStream, 'data')])
  const [[message], [printed]] = await Promise.race([ready, ended])
  return {
    origin: `http://127.0.0.1:${(message as { port: number }).port}`,
    output: String(printed),
    async stop() {
      child.kill('SIGTERM')
      const [code] = await once(child, 'exit')
      return code
    },
  }
}

/** Ends whatever a test left running. */
export function endExamples(): void {
  for (const child of running) child.kill('SIGKILL')
}
