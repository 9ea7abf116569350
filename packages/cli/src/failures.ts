import { LatchkeyError, RequestError } from '@latchkey/core'
import { counted } from '@latchkey/core/adapter'

/** Exit codes. 0 stands for success. */
export const FAILED = 1
export const MISUSED = 2
export const NOT_FOUND = 3

/** A failure whose message is all that a person needs. */
export class CommandError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number = FAILED) {
    super(message)
    this.exitCode = exitCode
  }
}

/** The command line, or what was given to it, cannot work as it is. */
export function misused(message: string): CommandError {
  return new CommandError(message, MISUSED)
}

/**
 * What is thrown where long work ends early: how far it came, and that it can go on, if it was interrupted or the store failed.
 * `unit`: what was counted, as in `token`.
 */
export function unfinished(error: unknown, signal: AbortSignal, done: number, unit: string): unknown {
  const isOutage = error instanceof LatchkeyError && error.code === 'ERR_STORE' && done > 0
  if (!signal.aborted && !isOutage) return error
  const reason = isOutage ? error.message.replace(/\.$/, '') : 'Interrupted'
  return new CommandError(`${reason}. At least ${counted(done, unit)} done. Run the command again to go on.`)
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommandError) return error.exitCode
  if (!(error instanceof LatchkeyError)) return isOptionError(error) ? MISUSED : FAILED
  if (error.code === 'ERR_NOT_FOUND') return NOT_FOUND
  return error.code === 'ERR_INVALID_INPUT' ? MISUSED : FAILED
}

/** What is printed of an error: its sentence, and each violation on a line of its own. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const violations = error instanceof RequestError ? error.violations : []
  const lines = violations.map(({ path, message }) => `  ${path === '' ? '' : `${path}: `}${message}`)
  return [`latchkey: ${error.message}`, ...lines].join('\n')
}

/** Core throws a `TypeError` with this code for what only a programmer, here the writer of a command line, can mend. */
function isOptionError(error: unknown): boolean {
  return error instanceof TypeError && Reflect.get(error, 'code') === 'ERR_OPTION'
}
