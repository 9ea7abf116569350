import { z } from 'zod'
import { type Block, parseBlock } from '../policy/cidr.js'
import { isGrantable, parseScope } from '../policy/scopes.js'
import { parseTimeframe } from '../query/timeframe.js'
import type { Result } from '../result.js'
import type { CheckedCreate, CheckedRotate, CheckedUpdate } from './inputs.js'
import { checkMetadata } from './metadata.js'

export interface InputRules {
  readonly now: () => number
  /** `undefined`: every scope can be granted. */
  readonly declaredScopes: readonly string[] | undefined
  /** The longest time from now to a token's expiry, in ms. */
  readonly maxLifetime: number | undefined
}

/** The definitions that validate management input, and from which its descriptions are made. */
export interface InputSchemas {
  readonly create: z.ZodType<CheckedCreate>
  /** As `create`, where no caller stands in for a missing owner. */
  readonly createOwned: z.ZodType<CheckedCreate & { owner: string }>
  readonly update: z.ZodType<CheckedUpdate>
  readonly rotate: z.ZodType<CheckedRotate>
  /** A presented token: any text, its meaning is judged elsewhere. */
  readonly presented: z.ZodType<{ token: string }>
}

const MOST_SCOPES = 100
const MOST_NETWORKS = 100
const LONGEST_NAME = 200

/** Runs a check also where others failed already, so that every violation is reported at once. */
const ALWAYS = { when: () => true }

export function inputSchemas(rules: InputRules): InputSchemas {
  const time = z
    .union([z.number(), z.string()], { error: 'A time must be a number or a string.' })
    .transform((value, context) => settle(parseTimeframe(value, rules.now()), context))
    .meta({ description: 'UTC milliseconds, an ISO 8601 date, or a relative time such as `now+30d`.' })
  const future = time.refine((at) => at > rules.now(), 'The time must be in the future.')
  const expiry = future.superRefine((at, context) => {
    const latest = latestExpiry(rules)
    if (latest !== undefined && at > latest) {
      context.addIssue(`The expiry must not be later than ${new Date(latest).toISOString()}.`)
    }
  })

  const scope = z
    .string({ error: 'A scope must be a string.' })
    .superRefine((value, context) => {
      const read = parseScope(value)
      if (!read.ok) context.addIssue(read.error)
      else if (!isGrantable(value, rules.declaredScopes)) context.addIssue('This scope is not known here.')
    })
    .meta({ description: scopeDescription(rules.declaredScopes), maxLength: 100 })

  const members = {
    name: text('A name', LONGEST_NAME),
    scopes: z
      .array(scope, { error: 'scopes must be a list of strings.' })
      .min(1, 'At least one scope is needed.')
      .max(MOST_SCOPES, `At most ${MOST_SCOPES} scopes are allowed.`)
      .superRefine(
        unique((value) => value, 'This scope is listed twice.'),
        ALWAYS,
      )
      .meta({ uniqueItems: true }),
    networks: z
      .array(block, { error: 'The CIDR blocks must be a list of strings.' })
      .max(MOST_NETWORKS, `At most ${MOST_NETWORKS} CIDR blocks are allowed.`)
      .superRefine(unique(canonicalBlock, 'This block is listed twice.'), ALWAYS),
    enabled: z.boolean({ error: 'Must be true or false.' }),
    // Not z.record, which leaves out a `__proto__` member without a word.
    metadata: z
      .custom<Record<string, unknown>>(isObject, 'Must be an object.')
      .superRefine((value, context) => {
        const problem = checkMetadata(value)
        if (problem !== undefined) context.addIssue(problem)
      })
      .meta({ type: 'object', description: 'At most 4 KiB as JSON.' }),
  }

  const owner = text('An owner', LONGEST_NAME)
  const create = {
    name: members.name,
    scopes: members.scopes,
    owner: owner.nullish(),
    personal: members.enabled.nullish(),
    enabled: members.enabled.nullish(),
    networks: members.networks.nullish(),
    expiresAt: expiry.nullish(),
    metadata: members.metadata.nullish(),
  }

  return {
    create: object<CheckedCreate>(create),
    createOwned: object<CheckedCreate & { owner: string }>({ ...create, owner }),
    update: object<CheckedUpdate>({
      name: members.name.nullish(),
      enabled: members.enabled.nullish(),
      scopes: members.scopes.nullish(),
      networks: members.networks.nullish(),
      metadata: members.metadata.nullish(),
    }),
    rotate: object<CheckedRotate>({
      previousExpiresAt: future.nullish(),
      expiresAt: expiry.nullish(),
    }),
    presented: object<{ token: string }>({ token: z.string({ error: 'Must be a string.' }) }),
  }
}

/** The latest expiry that the host allows now. */
export function latestExpiry({ now, maxLifetime }: Pick<InputRules, 'now' | 'maxLifetime'>): number | undefined {
  return maxLifetime === undefined ? undefined : now() + maxLifetime
}

const block = z
  .string({ error: 'A CIDR block must be a string.' })
  .superRefine((value, context) => {
    const read = parseBlock(value)
    if (!read.ok) context.addIssue(read.error)
  })
  .meta({ description: 'A CIDR block such as `192.0.2.0/24` or `2001:db8::/32`.', maxLength: 64 })

/**
 * Trimmed, not empty, bounded in code points, well-formed, and free of control characters. It is not described by a
 * `maxLength`, which would count the blanks that are trimmed.
 */
function text(what: string, longest: number): z.ZodType<string, string> {
  return z
    .string({ error: `${what} must be a string.` })
    .transform((value) => value.trim())
    .superRefine((value, context) => {
      if (value === '') context.addIssue(`${what} must not be empty.`)
      else if (value.length > 2 * longest || [...value].length > longest) {
        context.addIssue(`${what} has at most ${longest} characters.`)
      } else if (/\p{Cc}/u.test(value)) context.addIssue(`${what} must not contain control characters.`)
      else if (!value.isWellFormed()) context.addIssue(`${what} must not contain lone surrogates.`)
    })
    .meta({ minLength: 1, description: `1 to ${longest} characters after trimming, none of them a control character.` })
}

function object<T>(shape: z.ZodRawShape): z.ZodType<T> {
  return z.strictObject(shape, { error: 'Must be an object.' }) as unknown as z.ZodType<T>
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function settle<T>(read: Result<T>, context: z.RefinementCtx): T {
  if (read.ok) return read.value
  context.addIssue(read.error)
  return z.NEVER
}

function unique(key: (value: string) => string, message: string) {
  return (values: unknown, context: z.RefinementCtx): void => {
    if (!Array.isArray(values)) return
    const seen = new Set<string>()
    for (const [index, value] of values.entries()) {
      if (typeof value !== 'string') continue
      const canonical = key(value)
      if (seen.has(canonical)) context.addIssue({ code: 'custom', message, path: [index] })
      seen.add(canonical)
    }
  }
}

function canonicalBlock(text: string): string {
  const read: Result<Block> = parseBlock(text)
  return read.ok ? read.value.canonical : text
}

function scopeDescription(declared: readonly string[] | undefined): string {
  if (declared === undefined) return 'A scope such as `reports.read`, or a wildcard such as `reports.*`.'
  return `One of ${declared.map((scope) => `\`${scope}\``).join(', ')}, or a wildcard that covers one.`
}
