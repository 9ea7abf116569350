import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'

export interface RunningExample {
  readonly origin: string
  /** What it had printed first. */
  readonly output: string
  /** Ends it as a process manager would; resolves to its exit code. */
  stop(): Promise<number | null>
  /** Everything that it has printed so far. */
  printed(): string
}

const running = new Set<ChildProcess>()

/** Starts a program in its folder, on a free port instead of its own, and waits until it listens and has printed something. */
export async function startExample(file: string, ...args: readonly string[]): Promise<RunningExample> {
  const preload = join(import.meta.dirname, 'listen-anywhere.mjs')
  const command = ['--import', preload, file, ...args]
  const child = spawn(process.execPath, command, { cwd: dirname(file), stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  running.add(child)
  let stdout = ''
  const first = new Promise<void>((resolve) => {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      resolve()
    })
  })
  child.once('exit', () => running.delete(child))
  const ended = once(child, 'exit').then(([code]): never => {
    throw new Error(`${file} ended with ${code} instead of listening`)
  })
  const [[message]] = await Promise.race([Promise.all([once(child, 'message'), first]), ended])
  return {
    origin: `http://127.0.0.1:${(message as { port: number }).port}`,
    output: stdout,
    async stop() {
      child.kill('SIGTERM')
      const [code] = await once(child, 'close')
      return code
    },
    printed: () => stdout,
  }
}

/** Ends whatever a test left running. */
export function endExamples(): void {
  for (const child of running) child.kill('SIGKILL')
}
