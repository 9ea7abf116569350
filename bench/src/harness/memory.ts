import { setImmediate as nextTurn } from 'node:timers/promises'

/** Bytes in use after garbage collection. Needs `--expose-gc`. */
export async function memoryInUse(): Promise<{ readonly heap: number; readonly external: number }> {
  // Objects with finalizers go with the collection after the next.
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await nextTurn()
  }
  const { heapUsed, external } = process.memoryUsage()
  return { heap: heapUsed, external }
}
