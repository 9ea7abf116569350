import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A process of its own that answers questions over IPC. `Answers`: the questions it knows, with what it answers. */
export interface Child<Answers> {
  ask<Question extends keyof Answers & string>(question: Question): Promise<Answers[Question]>
  stop(): Promise<void>
}

interface Reply {
  readonly answer?: unknown
  readonly error?: string
}

/** Starts a compiled program that calls `answer`, and waits until it has. Rejects if it ends before. */
export async function startChild<Answers>(
  program: URL,
  args: readonly string[] = [],
  execArgv: readonly string[] = [],
): Promise<Child<Answers>> {
  const env = { ...process.env, NODE_ENV: 'production' }
  const child = fork(fileURLToPath(program), args, { execArgv: [...execArgv], env })
  const ended = once(child, 'exit').then(([code]) => code as number | null)

  async function reply(): Promise<unknown> {
    const listening = new AbortController()
    try {
      const { signal } = listening
      const came = once(child, 'message', { signal }).then(([message]) => message as Reply)
      const { answer, error } = await Promise.race([came, ended.then((code) => gone(code))])
      if (error !== undefined) throw new Error(`${program.pathname}: ${error}`)
      return answer
    } finally {
      listening.abort()
    }
  }

  function gone(code: number | null): Reply {
    return { error: `ended with ${code ?? 'a signal'} before it answered` }
  }

  await reply()
  return {
    async ask(question) {
      child.send(question)
      return (await reply()) as Answers[typeof question]
    },
    async stop() {
      if (child.connected) child.disconnect()
      await ended
    },
  }
}

/** Within the child: answers until the parent is gone. */
export function answer<Answers>(
  answers: {
    readonly [Question in keyof Answers]: () => Answers[Question] | Promise<Answers[Question]>
  },
): void {
  process.on('message', (question) => {
    Promise.resolve(answers[question as keyof Answers]())
      .then((result): Reply => ({ answer: result }))
      .catch((error: unknown): Reply => ({ error: String(error) }))
      .then((reply) => process.send?.(reply))
      .catch(fail)
  })
  process.once('disconnect', () => process.exit())
  process.send?.({})
}

function fail(error: unknown): never {
  process.stderr.write(`${String(error)}\n`)
  process.exit(1)
}
