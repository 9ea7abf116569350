import { optionError, quoted, shown } from './errors.js'

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

/**
 * Refuses a member that is not an option: a misspelt name would silently mean the default. `place` names the object,
 * and is empty for the options of the call itself. Throws a `TypeError` (`ERR_OPTION`).
 */
export function assertKnownOptions(place: string, given: unknown, known: readonly string[]): void {
  if (!isObject(given))
    throw optionError(place, `must be an object with some of ${known.join(', ')}, not ${quoted(given)}`)
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue
    throw optionError(
      place === '' ? shown(key) : `${place}.${shown(key)}`,
      `is not an option. There are: ${known.join(', ')}`,
    )
  }
}

/**
 * Refuses arguments behind the last one that a call takes, such as a `caller` who would not be judged. Throws a
 * `TypeError` (`ERR_OPTION`).
 */
export function assertNoMore(call: string, more: readonly unknown[]): void {
  if (more.length === 0) return
  throw optionError(call, 'takes one argument, and no caller: it is for the host itself, and is not judged')
}

/** Checks how long work is watched and stopped. Throws a `TypeError` (`ERR_OPTION`). */
export function assertWatchOptions(
  call: string,
  given: { readonly onProgress?: unknown; readonly signal?: unknown },
): void {
  const { onProgress, signal } = given
  functionOption(`${call}.onProgress`, onProgress)
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw optionError(`${call}.signal`, `must be an AbortSignal, not ${quoted(signal)}`)
  }
}

/** The value, if it is `true` or `false`. Throws a `TypeError` (`ERR_OPTION`). */
export function booleanOption(place: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value
  throw optionError(place, `must be true or false, not ${quoted(value)}`)
}

/** The value, if it is a function or absent. Throws a `TypeError` (`ERR_OPTION`). */
export function functionOption<F>(place: string, value: F | undefined): F | undefined {
  if (value === undefined || typeof value === 'function') return value
  throw optionError(place, `must be a function, not ${quoted(value)}`)
}

/** The value, if it is a whole number within the bounds, both included. Throws a `TypeError` (`ERR_OPTION`). */
export function integerOption(place: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw optionError(place, `must be a whole number from ${min} to ${max}, not ${quoted(value)}`)
}
