import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** What a child can be asked, by name. What goes in and out must survive JSON. */
export type Questions = Readonly<Record<string, (...args: never[]) => unknown>>

/** A process that answers questions over IPC. */
export type Child<Asked extends Questions> = Awaited<ReturnType<typeof startChild<Asked>>>

interface Reply {
  readonly answer?: unknown
  readonly error?: string
}

/** Starts a compiled program that calls `answer`, and waits until it does. Rejects if the program ends before. */
export async function startChild<Asked extends Questions>(
  program: URL,
  args: readonly string[] = [],
  execArgv: readonly string[] = [],
) {
  const env = { ...process.env, NODE_ENV: 'production' }
  const child = fork(fileURLToPath(program), args, { execArgv: [...execArgv], env })
  const ended = once(child, 'exit').then(([code]): Reply => ({ error: `ended with ${code ?? 'a signal'}` }))

  async function nextReply(): Promise<unknown> {
    const listening = new AbortController()
    try {
      const message = once(child, 'message', listening).then(([reply]) => reply as Reply)
      const { answer, error } = await Promise.race([message, ended])
      if (error !== undefined) throw new Error(`${program.pathname} ${args[0] ?? ''}: ${error}`)
      return answer
    } finally {
      listening.abort()
    }
  }

  await nextReply()
  return {
    ask<Name extends keyof Asked & string>(question: Name, ...args: Parameters<Asked[Name]>) {
      child.send([question, ...args])
      return nextReply() as Promise<Awaited<ReturnType<Asked[Name]>>>
    },
    async stop() {
      if (child.connected) child.disconnect()
      await ended
    },
  }
}

/** Called by the child: answers questions until the parent disconnects. */
export function answer(questions: Questions): void {
  process.on('message', async ([name, ...args]: [string, ...never[]]) => {
    const asked = async (): Promise<Reply> => ({ answer: await questions[name]?.(...args) })
    process.send?.(await asked().catch((error: unknown): Reply => ({ error: String(error) })))
  })
  process.once('disconnect', () => process.exit())
  process.send?.({})
}
