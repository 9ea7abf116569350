import type { z } from 'zod'
import { RequestError, type Violation } from '../errors.js'

/** More than an honest mistake makes; without an end, the answer to junk would be many times its size. */
const MOST_VIOLATIONS = 300

/** The checked input, or a `RequestError` with every violation. Never changes what it was given. */
export function checkInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input)
  if (result.success) return withoutNulls(result.data)
  throw invalidInput(result.error.issues.flatMap(toViolations))
}

/** What is wrong with an input; empty if nothing is. */
export function violationsOf(schema: z.ZodType, input: unknown): readonly Violation[] {
  return schema.safeParse(input).error?.issues.flatMap(toViolations) ?? []
}

export function invalidInput(violations: readonly Violation[]): RequestError {
  return new RequestError('ERR_INVALID_INPUT', 'The input is invalid.', violations.slice(0, MOST_VIOLATIONS))
}

function toViolations(issue: z.core.$ZodIssue): Violation[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: printPath([...issue.path, key]), message: 'There is no such member.' }))
  }
  return [{ path: printPath(issue.path), message: issue.message }]
}

function printPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((printed, step) => {
    if (typeof step === 'number') return `${printed}[${step}]`
    return printed === '' ? String(step) : `${printed}.${String(step)}`
  }, '')
}

function withoutNulls<T>(data: T): T {
  if (typeof data !== 'object' || data === null) return data
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null && value !== undefined)) as T
}
