import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Answer, Call, NodeSettings } from './protocol.js'

const PROGRAM = fileURLToPath(new URL('./node.js', import.meta.url))

/** A node in a process of its own, which may be frozen, and killed and started again. */
export interface NodeProcess {
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
  let child = await launch(settings.offset)

  async function launch(offset: number): Promise<ChildProcess> {
    const fresh = fork(PROGRAM, [JSON.stringify({ ...settings, offset })])
    fresh.on('message', ({ n, answer }: { n: number; answer: Answer }) => {
      pending.get(n)?.(answer)
      pending.delete(n)
    })
    await Promise.race([
      once(fresh, 'message'),
      once(fresh, 'exit').then(([code]) => {
        throw new Error(`A node of the soak ended with ${code} as it started`)
      }),
    ])
    return fresh
  }

  async function kill(): Promise<void> {
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    for (const answer of pending.values()) answer(GONE)
    pending.clear()
  }

  return {
    ask(call) {
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
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async replace(offset) {
      await kill()
      child = await launch(offset)
    },
    stop: kill,
  }
}
