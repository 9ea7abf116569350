import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Answer, type Call, monotonic, type NodeSettings } from './protocol.js'

const PROGRAM = fileURLToPath(new URL('./node.js', import.meta.url))

/** A node in a process of its own, which may be frozen, and killed and started again. */
export interface NodeProcess {
  /** Of its HTTP server; another one after `replace`. */
  readonly port: number
  /** When this process was started, by `monotonic`. */
  readonly started: number
  /** Never rejects: whatever goes wrong is an answer. */
  ask(call: Call): Promise<Answer>
  freeze(): void
  thaw(): void
  /** As the power cut does; resolves when the next one is there. `offset`: what its clock starts with. */
  replace(offset: number): Promise<void>
  stop(): Promise<void>
}

/** The process ended before it answered; what it was asked may be done. */
const GONE: Answer = { error: 'GONE', sure: false }

export async function startNode(settings: NodeSettings): Promise<NodeProcess> {
  let calls = 0
  const pending = new Map<number, (answer: Answer) => void>()
  let current = await launch(settings.offset)

  async function launch(offset: number): Promise<{ child: ChildProcess; port: number; started: number }> {
    const child = fork(PROGRAM, [JSON.stringify({ ...settings, offset })], { execArgv: ['--expose-gc'] })
    const [{ port }] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`A node of the soak ended with ${code} as it started`)
      }),
    ])) as [{ port: number }]
    child.on('message', ({ n, answer }: { n: number; answer: Answer }) => {
      pending.get(n)?.(answer)
      pending.delete(n)
    })
    child.once('exit', () => {
      for (const answer of pending.values()) answer(GONE)
      pending.clear()
    })
    return { child, port, started: monotonic() }
  }

  async function kill(): Promise<void> {
    const { child } = current
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  return {
    get port() {
      return current.port
    },
    get started() {
      return current.started
    },
    ask(call) {
      const { child } = current
      if (!child.connected) return Promise.resolve(GONE)
      const n = calls++
      return new Promise((resolve) => {
        pending.set(n, resolve)
        child.send({ n, call }, (error) => {
          if (error === null || !pending.delete(n)) return
          resolve(GONE)
        })
      })
    },
    freeze: () => void current.child.kill('SIGSTOP'),
    thaw: () => void current.child.kill('SIGCONT'),
    async replace(offset) {
      await kill()
      current = await launch(offset)
    },
    stop: kill,
  }
}
