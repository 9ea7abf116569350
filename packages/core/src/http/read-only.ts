import { isDeepStrictEqual } from 'node:util'
import type { UpdateRequest } from '../manage/update.js'
import { parseTimeframe } from '../query/timeframe.js'
import { publicView } from '../token/record.js'
import type { Dialect } from './dialects/dialect.js'
import { TIME } from './dialects/json-schema.js'
import { iso, type Member } from './dialects/resource.js'

/** Read-only members that a client sends: each is a violation, unless the token has it like that. */
export function unlessEqual(
  { resource }: Dialect,
  given: Readonly<Record<string, unknown>>,
  now: () => number,
): UpdateRequest['problemsUnlessHeld'] {
  return Object.entries(given).map(([name, value]) => ({
    violation: { path: name, message: 'This member cannot be changed, and the token has another value.' },
    isHeldBy(record) {
      // A token that does not exist is the answer, whatever is sent.
      if (record === undefined) return true
      const member = resource[name]
      return member !== undefined && isEqual(member, member.of(publicView(record, now())), value, now())
    },
  }))
}

function isEqual({ schema }: Member, present: unknown, given: unknown, now: number): boolean {
  // In a merge patch, `null` stands for a member that is absent.
  if (present === undefined) return given === null
  if (schema !== TIME) return isDeepStrictEqual(present, given)
  const read = parseTimeframe(given, now)
  return read.ok && iso(read.value) === present
}
