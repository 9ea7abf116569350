import { z } from 'zod'
import { compact } from '../compact.js'
import { quoted } from '../errors.js'
import type { ListFilter, TimeRange } from '../store/token-store.js'
import { flag } from './schema-parts.js'
import { type TimeRules, timeSchemas } from './time-schemas.js'

const MAX_SCOPES = 100
const RANGES = ['created', 'expires', 'lastUsed'] as const

/**
 * The body of `revokeAll`: a filter with the names of a list's query. It decides what is deleted, so `null` is no
 * absent member, and nothing in it may be empty.
 */
export function revokeSchema(rules: TimeRules): z.ZodType<ListFilter> {
  const text = z
    .string({ error: ({ input }) => `Must be a string, not ${quoted(input)}.` })
    .min(1, 'Must not be empty.')
  const time = timeSchemas(rules).time.optional()
  return z
    .strictObject(
      {
        owner: text.optional(),
        scopes: z
          .array(text, { error: ({ input }) => `Must be a list of scopes, not ${quoted(input)}.` })
          .min(1, 'At least one scope is needed.')
          .max(MAX_SCOPES, `At most ${MAX_SCOPES} scopes are allowed.`)
          .optional(),
        personal: flag.optional(),
        enabled: flag.optional(),
        createdAfter: time,
        createdBefore: time,
        expiresAfter: time,
        expiresBefore: time,
        lastUsedAfter: time,
        lastUsedBefore: time,
        unusedSince: time,
      },
      { error: 'Must be an object.' },
    )
    .superRefine((input, context) => {
      if (Object.values(input).every((value) => value === undefined)) context.addIssue('At least one member is needed.')
      for (const name of RANGES) {
        const [from, to] = [input[`${name}After`], input[`${name}Before`]]
        if (from === undefined || to === undefined || from <= to) continue
        context.addIssue({
          code: 'custom',
          path: [`${name}After`],
          message: `Must not be later than ${name}Before. ${bothRead(from, to)}`,
        })
      }
    })
    .transform(({ owner, scopes, personal, enabled, unusedSince, ...bounds }) =>
      compact({
        owner,
        scopes,
        personal,
        enabled,
        unusedSince,
        created: range(bounds.createdAfter, bounds.createdBefore),
        expires: range(bounds.expiresAfter, bounds.expiresBefore),
        lastUsed: range(bounds.lastUsedAfter, bounds.lastUsedBefore),
      }),
    )
}

/** Relative times look alike, so both are said as they were read. */
function bothRead(from: number, to: number): string {
  return `Read were ${new Date(from).toISOString()} and ${new Date(to).toISOString()}.`
}

function range(from: number | undefined, to: number | undefined): TimeRange | undefined {
  return from === undefined && to === undefined ? undefined : compact({ from, to })
}
