import { z } from 'zod'
import { shown } from '../errors.js'
import { parseBlock } from '../policy/cidr.js'
import { parseResource } from '../policy/resources.js'
import { isGrantable, parseScope } from '../policy/scopes.js'
import { err } from '../result.js'
import { explainSchema } from './explain-schema.js'
import type { CheckedRow } from './import-row.js'
import type { CheckedCreate, CheckedInputs, CheckedRotate, CheckedUpdate, PresentedToken } from './inputs.js'
import { revokeSchema } from './revoke-schema.js'
import { flag, listOf, metadata, nameText, object, parsedText, unique } from './schema-parts.js'
import { mustExpire, type TimeRules, timeSchemas } from './time-schemas.js'

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

export function inputSchemas(rules: InputRules): InputSchemas {
  const { time, expiry, overlap, kept } = timeSchemas(rules)
  const owner = nameText('An owner', MAX_NAME_LENGTH, 'exact')
  const name = nameText('A name', MAX_NAME_LENGTH, 'trimmed')
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
      ...create,
      owner,
      expiresAt: kept.nullish(),
      createdAt: kept.nullish(),
      lastUsedAt: kept.nullish(),
      format: anyText.nullish(),
      id: anyText.nullish(),
      sha256: anyText.nullish(),
      hash: anyText.nullish(),
      key: anyText.nullish(),
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
  const scope = parsedText('A scope', (text) => {
    const read = parseScope(text)
    return read.ok && onlyDeclared && !isGrantable(text, declared) ? err(unknownScope(text)) : read
  }).meta({ description: describeScopes(declared), maxLength: 100 })
  const scopes = listOf(scope, 'scopes', MAX_SCOPES).min(1, 'At least one scope is needed.')
  return unique(scopes, 'The scope').meta({ uniqueItems: true })
}

function describeScopes(declared: readonly string[] | undefined): string {
  if (declared === undefined) return 'A scope such as `reports.read`, or a wildcard such as `reports.*`.'
  return `One of ${declared.map((scope) => `\`${scope}\``).join(', ')}, or a wildcard that covers one.`
}

const network = parsedText('A CIDR block', parseBlock).meta({
  description: 'A CIDR block such as `192.0.2.0/24` or `2001:db8::/32`.',
  maxLength: 64,
})

const networkList = unique(listOf(network, 'CIDR blocks', MAX_NETWORKS), 'The block', canonicalBlock)

function canonicalBlock(text: string): string {
  const read = parseBlock(text)
  return read.ok ? read.value.canonical : text
}

const resource = parsedText('A resource', parseResource).meta({
  description: 'A resource such as `project:17`, or all of a type: `project:*`.',
  maxLength: 200,
})

const resourceList = unique(listOf(resource, 'resources', MAX_RESOURCES), 'The resource').meta({ uniqueItems: true })
