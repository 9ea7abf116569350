import { z } from 'zod'
import { RequestError, type Violation } from '../errors.js'
import type { Parsed } from '../parsed.js'
import { type Block, parseBlock } from '../policy/cidr.js'
import { isGrantable, parseScope } from '../policy/scopes.js'
import { parseTimeframe } from '../query/timeframe.js'
import { checkMetadata } from './metadata.js'

/**
 * A moment: epoch milliseconds, an ISO 8601 date, or relative to now as in `now+30d` (units `m h d w M y`; `/d` behind
 * it rounds down, in UTC). From 1970 to the year 9999.
 */
export type Timeframe = number | string

/** What a new token is made of. `null` counts as absent in every optional member. */
export interface CreateInput {
  /** 1 to 200 code points after trimming, without control characters. Need not be unique. */
  name: string
  /** 1 to 100 different scopes that the host lets be granted. */
  scopes: readonly string[]
  /** Default: the caller's own. Required where there is no caller. */
  owner?: string | null | undefined
  /** A personal access token. Default: as the caller is. */
  personal?: boolean | null | undefined
  /** Default `true`. */
  enabled?: boolean | null | undefined
  /** At most 100 CIDR blocks, kept as given; none allows every address. */
  networks?: readonly string[] | null | undefined
  /** In the future, at most `maxLifetime` away. Default: never, or as far as `maxLifetime` allows. */
  expiresAt?: Timeframe | null | undefined
  /** At most 4 KiB as JSON. */
  metadata?: Readonly<Record<string, unknown>> | null | undefined
}

/** What is absent or `null` stays, what is given replaces. */
export type UpdateInput = Partial<Pick<CreateInput, 'name' | 'enabled' | 'scopes' | 'networks' | 'metadata'>>

/** How a rotation is done. `null` counts as absent. */
export interface RotateInput {
  /**
   * Until when the previous secret lives on: in the future, not later than the token's expiry. Absent: every older
   * secret dies at once.
   */
  previousExpiresAt?: Timeframe | null | undefined
  /** A new expiry for the token: in the future, at most `maxLifetime` away. Absent: it stays. */
  expiresAt?: Timeframe | null | undefined
}

/** A checked input: nulls gone, times in epoch milliseconds, texts trimmed. */
export interface CheckedCreate {
  name: string
  scopes: string[]
  owner?: string
  personal?: boolean
  enabled?: boolean
  networks?: string[]
  expiresAt?: number
  metadata?: Record<string, unknown>
}

export type CheckedUpdate = Partial<Pick<CheckedCreate, 'name' | 'enabled' | 'scopes' | 'networks' | 'metadata'>>

export interface CheckedRotate {
  previousExpiresAt?: number
  expiresAt?: number
}

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
      if (!read.ok) context.addIssue(read.problem)
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

/** The latest expiry that the host allows now. */
export function latestExpiry({ now, maxLifetime }: Pick<InputRules, 'now' | 'maxLifetime'>): number | undefined {
  return maxLifetime === undefined ? undefined : now() + maxLifetime
}

export function invalidInput(violations: readonly Violation[]): RequestError {
  return new RequestError('ERR_INVALID_INPUT', 'The input is invalid.', violations)
}

const block = z
  .string({ error: 'A CIDR block must be a string.' })
  .superRefine((value, context) => {
    const read = parseBlock(value)
    if (!read.ok) context.addIssue(read.problem)
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

function settle<T>(read: Parsed<T>, context: z.RefinementCtx): T {
  if (read.ok) return read.value
  context.addIssue(read.problem)
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
  const read: Parsed<Block> = parseBlock(text)
  return read.ok ? read.value.canonical : text
}

function scopeDescription(declared: readonly string[] | undefined): string {
  if (declared === undefined) return 'A scope such as `reports.read`, or a wildcard such as `reports.*`.'
  return `One of ${declared.map((scope) => `\`${scope}\``).join(', ')}, or a wildcard that covers one.`
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
