import type { z } from 'zod'
import { compact } from '../compact.js'
import { RequestError, shown, type Violation } from '../errors.js'

/** More than an honest mistake makes. Without a limit, the answer to junk would be many times its size. */
export const MAX_VIOLATIONS = 300

/** An input that passed its schema, or everything that is wrong with it. */
export type CheckedInput<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly violations: readonly Violation[] }

/**
 * Checks an input once, and never changes it. In the value, members that were `undefined` are absent, and so are those
 * that were `null`, unless `keepNulls` is set.
 */
export function parseInput<T extends object>(schema: z.ZodType<T>, input: unknown, keepNulls = false): CheckedInput<T> {
  const result = schema.safeParse(input)
  if (result.success) return { ok: true, value: keepNulls ? (compact(result.data) as T) : withoutNulls(result.data) }
  return { ok: false, violations: result.error.issues.flatMap(toViolations).slice(0, MAX_VIOLATIONS) }
}

/** As `parseInput`, but throws a `RequestError` (`ERR_INVALID_INPUT`) with every violation. */
export function checkInput<T extends object>(schema: z.ZodType<T>, input: unknown): T {
  const checked = parseInput(schema, input)
  if (!checked.ok) throw invalidInput(checked.violations)
  return checked.value
}

export function invalidInput(violations: readonly Violation[]): RequestError {
  return new RequestError('ERR_INVALID_INPUT', 'The input is invalid.', violations.slice(0, MAX_VIOLATIONS))
}

export function noSuchMember(path: string): Violation {
  return { path: shown(path), message: 'There is no such member.' }
}

function toViolations(issue: z.core.$ZodIssue): Violation[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => noSuchMember(printPath([...issue.path, key])))
  }
  return [{ path: printPath(issue.path), message: issue.message }]
}

function printPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((printed, step) => {
    if (typeof step === 'number') return `${printed}[${step}]`
    return printed === '' ? String(step) : `${printed}.${String(step)}`
  }, '')
}

function withoutNulls<T extends object>(data: T): T {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null && value !== undefined)) as T
}
