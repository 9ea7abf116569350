/** One call that is held up: its work is done, its answer waits. */
export interface Hold {
  /** Resolves when the call waits. */
  readonly reached: Promise<void>
  release(): void
  fail(error: Error): void
}

export interface HoldQueue {
  /** Holds up the next call to start that no other hold has taken. */
  hold(): Hold
  /** A call starts: it awaits the returned function before it answers. */
  start(): () => Promise<void>
}

export function holdQueue(): HoldQueue {
  const waiting: (() => Promise<void>)[] = []
  return {
    hold() {
      const reached = deferred()
      const answer = deferred()
      answer.promise.catch(() => undefined)
      waiting.push(() => {
        reached.resolve()
        return answer.promise
      })
      return { reached: reached.promise, release: answer.resolve, fail: answer.reject }
    },
    start: () => waiting.shift() ?? (async () => undefined),
  }
}

function deferred() {
  let resolve = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
