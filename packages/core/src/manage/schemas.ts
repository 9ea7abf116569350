import { z } from 'zod'
import { quoted, shown } from '../errors.js'
import { isObject } from '../option-checks.js'
import { parseBlock } from '../policy/cidr.js'
import { parseResource } from '../policy/resources.js'
import { isGrantable, parseScope } from '../policy/scopes.js'
import { explainSchema } from './explain-schema.js'
import type { CheckedRow } from './import-row.js'
import type { CheckedCreate, CheckedInputs, CheckedRotate, CheckedUpdate, PresentedToken } from './inputs.js'
import { checkMetadata } from './metadata.js'
import { revokeSchema } from './revoke-schema.js'
import { mustExpire, type TimeRules, times } from './times.js'

export interface InputRules extends TimeRules {
  /** `undefined`: every scope can be granted. */
  readonly declaredScopes: readonly string[] | undefined
}

/** The schemas that validate the input of operations. The descriptions of the routes are made from them too. */
export type OperationSchemas = { readonly [Operation in keyof CheckedInputs]: z.ZodType<CheckedInputs[Operation]> }

export interface InputSchemas extends OperationSchemas {
  /** As `create`, for calls without a caller who could be the owner. */
  readonly createOwned: z.ZodType<CheckedCreate & { owner: string }>
  /** A row of an import. */
  readonly importRow: z.ZodType<CheckedRow>
  /** As those of the same names, where `null` asks for the removal of a member, as in a merge patch (RFC 7396). */
  readonly merging: Pick<OperationSchemas, 'create' | 'update'>
}

/** Of one token. */
export const MAX_SCOPES = 100
const MAX_NETWORKS = 100
const MAX_RESOURCES = 100
const MAX_NAME_LENGTH = 200

/** Runs a check even if others have failed, so that every violation is reported at once. */
const ALWAYS = { when: () => true }

export function inputSchemas(rules: InputRules): InputSchemas {
  const { time, expiry, overlap, kept } = times(rules)
  const flag = z.boolean({ error: ({ input }) => `Must be true or false, not ${quoted(input)}.` })
  const owner = text('An owner', MAX_NAME_LENGTH, 'exact')
  const name = text('A name', MAX_NAME_LENGTH, 'trimmed')
  const scopes = scopeList(rules.declaredScopes, true)
  const create = {
    name,
    scopes,
    owner: owner.nullish(),
    personal: flag.nullish(),
    enabled: flag.nullish(),
    networks: networkList.nullish(),
    resources: resourceList.nullish(),
    expiresAt: expiry.nullish(),
    metadata: metadata.nullish(),
  }
  const { enabled, networks, resources } = create
  const changedScopes = scopeList(rules.declaredScopes, false)
  const presented = object<PresentedToken>({ token: anyText })
  const nothing = object<object>({})
  return {
    create: object<CheckedCreate>(create),
    createOwned: object<CheckedCreate & { owner: string }>({ ...create, owner }),
    importRow: object<CheckedRow>({
      ...{ ...create, owner, expiresAt: kept.nullish(), createdAt: kept.nullish(), lastUsedAt: kept.nullish() },
      ...{ format: anyText.nullish(), id: anyText.nullish(), sha256: anyText.nullish() },
      ...{ hash: anyText.nullish(), key: anyText.nullish() },
    }),
    update: object<CheckedUpdate>({
      name: name.nullish(),
      enabled,
      scopes: changedScopes.nullish(),
      networks,
      resources,
      metadata: create.metadata,
      expiresAt: time.nullish(),
    }),
    rotate: object<CheckedRotate>({ previousExpiresAt: overlap.nullish(), expiresAt: expiry.nullish() }),
    lookup: presented,
    revoke: presented,
    revokeAll: revokeSchema(rules),
    explain: explainSchema,
    merging: {
      create: object<CheckedCreate>({
        ...create,
        expiresAt: create.expiresAt.superRefine((at, context) => {
          if (at === null && rules.maxLifetime !== undefined) context.addIssue(mustExpire(rules))
        }),
      }),
      update: object<CheckedUpdate>({
        name: name.optional(),
        enabled: flag.optional(),
        scopes: changedScopes.optional(),
        networks: networkList.optional(),
        resources: resourceList.optional(),
        metadata: create.metadata,
        expiresAt: time.nullish(),
      }),
    },
    finish: nothing,
    cancel: nothing,
  }
}

const anyText = z.string({ error: 'Must be a string.' })

/** For a scope that the host does not declare. */
export function unknownScope(scope: string): string {
  return `The scope ${shown(scope)} is not declared here, nor does it cover one that is.`
}

/** `onlyDeclared`: whether a scope that the host does not declare is refused here. */
function scopeList(declared: readonly string[] | undefined, onlyDeclared: boolean) {
  const scope = z
    .string({ error: ({ input }) => `A scope must be a string, not ${quoted(input)}.` })
    .superRefine((value, context) => {
      const read = parseScope(value)
      if (!read.ok) context.addIssue(read.error)
      else if (onlyDeclared && !isGrantable(value, declared)) context.addIssue(unknownScope(value))
    })
    .meta({ description: describeScopes(declared), maxLength: 100 })
  return z
    .array(scope, { error: ({ input }) => `scopes must be a list of strings, not ${quoted(input)}.` })
    .min(1, 'At least one scope is needed.')
    .max(MAX_SCOPES, `At most ${MAX_SCOPES} scopes are allowed.`)
    .superRefine(
      unique((value) => value, 'The scope'),
      ALWAYS,
    )
    .meta({ uniqueItems: true })
}

function describeScopes(declared: readonly string[] | undefined): string {
  if (declared === undefined) return 'A scope such as `reports.read`, or a wildcard such as `reports.*`.'
  return `One of ${declared.map((scope) => `\`${scope}\``).join(', ')}, or a wildcard that covers one.`
}

const network = z
  .string({ error: ({ input }) => `A CIDR block must be a string, not ${quoted(input)}.` })
  .superRefine((value, context) => {
    const read = parseBlock(value)
    if (!read.ok) context.addIssue(read.error)
  })
  .meta({ description: 'A CIDR block such as `192.0.2.0/24` or `2001:db8::/32`.', maxLength: 64 })

const networkList = z
  .array(network, { error: ({ input }) => `The CIDR blocks must be a list of strings, not ${quoted(input)}.` })
  .max(MAX_NETWORKS, `At most ${MAX_NETWORKS} CIDR blocks are allowed.`)
  .superRefine(unique(canonicalBlock, 'The block'), ALWAYS)

function canonicalBlock(text: string): string {
  const read = parseBlock(text)
  return read.ok ? read.value.canonical : text
}

const resource = z
  .string({ error: ({ input }) => `A resource must be a string, not ${quoted(input)}.` })
  .superRefine((value, context) => {
    const read = parseResource(value)
    if (!read.ok) context.addIssue(read.error)
  })
  .meta({ description: 'A resource such as `project:17`, or all of a type: `project:*`.', maxLength: 200 })

const resourceList = z
  .array(resource, { error: ({ input }) => `resources must be a list of strings, not ${quoted(input)}.` })
  .max(MAX_RESOURCES, `At most ${MAX_RESOURCES} resources are allowed.`)
  .superRefine(
    unique((value) => value, 'The resource'),
    ALWAYS,
  )
  .meta({ uniqueItems: true })

/** Not `z.record`, which silently drops a `__proto__` member. The value is a copy, which its giver cannot change. */
const metadata = z
  .custom<Record<string, unknown>>(isObject, 'Must be an object.')
  .superRefine((value, context) => {
    const violation = checkMetadata(value)
    if (violation !== undefined) context.addIssue(violation)
  })
  .transform((value) => structuredClone(value))
  .meta({ type: 'object', description: 'At most 4 KiB as JSON.' })

/**
 * Not empty, bounded in code points, well-formed, and free of control characters. `blanks` around it are trimmed, or refused
 * where the text is compared with others: "ada " must not become "ada". The description has no `maxLength`, which would count
 * the blanks that are trimmed.
 */
function text(what: string, max: number, blanks: 'trimmed' | 'exact'): z.ZodType<string, string> {
  return z
    .string({ error: ({ input }) => `${what} must be a string, not ${quoted(input)}.` })
    .transform((value) => (blanks === 'trimmed' ? value.trim() : value))
    .superRefine((value, context) => {
      if (value.trim() === '') context.addIssue(`${what} must not be empty.`)
      else if (value.trim() !== value) context.addIssue(`${what} must not begin or end with a blank.`)
      else if (value.length > 2 * max || [...value].length > max) {
        context.addIssue(`${what} has at most ${max} characters.`)
      } else if (/\p{Cc}/u.test(value)) context.addIssue(`${what} must not contain control characters.`)
      else if (!value.isWellFormed()) context.addIssue(`${what} must not contain lone surrogates.`)
    })
    .meta({
      minLength: 1,
      description: `1 to ${max} characters${blanks === 'trimmed' ? ' after trimming' : ''}, none of them a control character.`,
    })
}

function object<T>(shape: z.ZodRawShape): z.ZodType<T> {
  return z.strictObject(shape, { error: 'Must be an object.' }) as unknown as z.ZodType<T>
}

function unique(key: (value: string) => string, what: string) {
  return (values: unknown, context: z.RefinementCtx): void => {
    if (!Array.isArray(values)) return
    const seen = new Set<string>()
    for (const [index, value] of values.entries()) {
      if (typeof value !== 'string') continue
      const canonical = key(value)
      const message = `${what} ${shown(value)} is listed twice.`
      if (seen.has(canonical)) context.addIssue({ code: 'custom', message, path: [index] })
      seen.add(canonical)
    }
  }
}
