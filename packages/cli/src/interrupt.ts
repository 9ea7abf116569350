/**
 * Aborted by Ctrl-C, for work that can stop in the middle. Until it is asked for, Ctrl-C ends the process as usual; after it,
 * the second one does.
 */
export function interruptSignal(): AbortSignal {
  const interrupt = new AbortController()
  process.once('SIGINT', () => interrupt.abort(new Error('Interrupted.')))
  return interrupt.signal
}
