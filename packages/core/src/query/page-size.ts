import { err, ok, type Result } from '../result.js'

/** Reads a whole number in plain decimal digits, without sign and leading zeros, from `min` to `max`. */
export function parsePageSize(text: string, { min, max }: { min: number; max: number }): Result<number> {
  const size = /^(0|[1-9][0-9]*)$/.test(text) ? Number(text) : Number.NaN
  return size >= min && size <= max ? ok(size) : err(`must be a whole number from ${min} to ${max}`)
}
