import { LatchkeyError, RequestError } from '@latchkey/core'

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
