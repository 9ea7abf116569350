/** Ends the process with one sentence on stderr: it cannot do what it was asked for. */
export function stop(sentence: string): never {
  process.stderr.write(`latchkey: ${sentence}\n`)
  process.exit(2)
}
