import { setImmediate as nextTurn } from 'node:timers/promises'

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
