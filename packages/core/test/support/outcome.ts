import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type LatchkeyEvents, RequestError, type Verdict } from '../../src/index.js'

/** `ok`, or the reason of the denial. */
export function outcome(verdict: Verdict | undefined): string | undefined {
  return verdict === undefined ? undefined : verdict.ok ? 'ok' : verdict.denial.reason
}

/** The error that a call is refused with. Throws if it is not refused, or fails with anything else. */
export async function refusal(call: Promise<unknown>): Promise<RequestError> {
  const result = await call.then(
    () => 'no refusal',
    (error: unknown) => error,
  )
  if (result instanceof RequestError) return result
  throw new Error('expected a RequestError', { cause: result })
}

/** Code and violated paths of a refusal. */
export async function refused(call: Promise<unknown>): Promise<{ code: string; paths: string[] }> {
  const { code, violations } = await refusal(call)
  return { code, paths: violations.map(({ path }) => path).toSorted() }
}

/** Lets everything run to its end that waits for nothing but microtasks. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** The events of this kind that are published while the function runs. */
export async function published<E extends keyof LatchkeyEvents>(
  event: E,
  during: () => unknown,
): Promise<LatchkeyEvents[E][]> {
  const heard: LatchkeyEvents[E][] = []
  const listener = (message: unknown) => void heard.push(message as LatchkeyEvents[E])
  subscribe(`latchkey:${event}`, listener)
  try {
    await during()
  } finally {
    unsubscribe(`latchkey:${event}`, listener)
  }
  return heard
}

/** Counts the turns of the event loop until it is stopped. */
export function countTurns(): { count(): number; stop(): Promise<void> } {
  let [turns, stopped] = [0, false]
  const counting = (async () => {
    for (; !stopped; turns++) await nextTurn()
  })()
  return {
    count: () => turns,
    stop() {
      stopped = true
      return counting
    },
  }
}

/** Works for longer than any turn has for parts of pages. */
export function holdUp(): void {
  for (const start = performance.now(); performance.now() - start < 6; );
}
