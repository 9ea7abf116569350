import { type Hasher, hmacSha256 } from '../../src/index.js'

/** Takes microseconds, where Argon2 would take most of the time of the tests. */
export const testHasher = hmacSha256({ keys: { test: new Uint8Array(32).fill(7) }, current: 'test' })

/** A hasher that counts its calls and lets a test step in between. */
export interface CountingHasher extends Hasher {
  hashes: number
  verifies: number
  /** Awaited before each hash is made. */
  beforeHash: () => unknown
  /** Holds up the next `verify`, once its result is known. */
  holdVerify(): Hold
}

/** `slow`: whether the instance takes this hasher for a slow one, whose proofs are queued. */
export function countingHasher(inner: Hasher = testHasher, slow = inner.slow): CountingHasher {
  const verifies = holdQueue()
  const hasher: CountingHasher = {
    ...inner,
    slow,
    hashes: 0,
    verifies: 0,
    beforeHash: () => undefined,
    holdVerify: verifies.hold,
    async hash(secret) {
      hasher.hashes++
      await hasher.beforeHash()
      return inner.hash(secret)
    },
    async verify(secret, phc) {
      hasher.verifies++
      const mayAnswer = verifies.start()
      const right = await inner.verify(secret, phc)
      await mayAnswer()
      return right
    },
  }
  return hasher
}

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
