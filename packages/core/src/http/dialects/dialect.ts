import type { ManagementOperation } from '../../audit-entry.js'
import type { Violation } from '../../errors.js'
import type { IssuedToken } from '../../manage/create.js'
import type { CheckedInputs } from '../../manage/inputs.js'
import type { TokenPage } from '../../manage/list.js'
import type { InputSchemas, OperationSchemas } from '../../manage/schemas.js'
import type { SortKey } from '../../store/token-store.js'
import type { ApiToken } from '../../types.js'
import type { HttpResponse } from '../message.js'
import type { ErrorForm } from './error-form.js'
import type { Filter } from './filters.js'
import type { JsonSchema } from './json-schema.js'
import type { Resource } from './resource.js'

/**
 * The API that the management routes speak: `latchkey` (the names of the in-process calls), `dynatrace` (access tokens
 * v2) or `panther` (api-tokens).
 */
export type DialectName = 'latchkey' | 'dynatrace' | 'panther'

/** The operations that read a body. */
export type BodyOperation = keyof CheckedInputs

export type OperationName = ManagementOperation | 'describe'

/** Where an operation is found; `{id}` stands for one segment. */
export interface RoutePattern {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
}

/** The query parameters of a list in a dialect's words; those it does not have are absent. */
export interface ListParams {
  /** Excludes every other parameter but `limit`. */
  readonly cursor: string
  readonly limit: string
  readonly limits: { readonly min: number; readonly max: number; readonly standard: number }
  /** Whether the cursor excludes `limit` too. */
  readonly cursorAlone: boolean
  readonly filters: Readonly<Record<string, Filter>>
  readonly fields?: string
  readonly sort?: { readonly name: string; readonly keys: Readonly<Record<string, SortKey>> }
}

/** The answer to an operation, and how its body is described. */
export interface Answer<Input extends unknown[]> {
  readonly status: number
  /** Absent: the answer has no body. */
  readonly schema?: JsonSchema
  of(...input: Input): Omit<HttpResponse, 'status'>
}

/**
 * The words for the operations of core: members, envelopes, statuses, paths. Two dialects are published APIs, one is
 * our own. No rule is decided in a dialect.
 */
export interface Dialect {
  readonly name: DialectName
  readonly routes: Readonly<Partial<Record<OperationName, RoutePattern>>>
  /** Core's input members by their wire names, for each operation with a body. */
  readonly members: Readonly<Partial<Record<BodyOperation, Readonly<Record<string, string>>>>>
  /** Wire members that a client may send back as it got them; they are ignored. */
  readonly ignored: Readonly<Partial<Record<BodyOperation, readonly string[]>>>
  /** Wire members of an update that a client may send back as the token has them, and not otherwise. */
  readonly readOnly: readonly string[]
  /** Wire members that must be there, beyond those that core needs. */
  readonly required: Readonly<Partial<Record<BodyOperation, readonly string[]>>>
  /**
   * Whether `null` takes a member away, so that an update is a merge patch (RFC 7396). Else `null` means that the
   * member is absent.
   */
  readonly nullRemoves: boolean
  readonly list: ListParams
  readonly resource: Resource
  /** The members that a list shows unless asked otherwise. */
  readonly standardFields: readonly string[]
  /** The answer to a list. */
  readonly listed: {
    readonly status: number
    readonly schema: JsonSchema
    /** The name of the first member, which holds the tokens. */
    readonly items: string
    /** The members after it. */
    rest(page: Omit<TokenPage, 'tokens'>): Readonly<Record<string, unknown>>
  }
  readonly created: Answer<[issued: IssuedToken, mount: string]>
  readonly updated: Answer<[token: ApiToken]>
  readonly rotated: Answer<[issued: IssuedToken]>
  /** The answer to the end of a rotation: `finish` and `cancel`. */
  readonly ended: Answer<[token: ApiToken]>
  readonly errors: ErrorForm
}

/** The schema that validates the body of an operation in core's words. */
export function schemaOf<Operation extends BodyOperation>(
  schemas: InputSchemas,
  { nullRemoves }: Dialect,
  operation: Operation,
): OperationSchemas[Operation] {
  return (nullRemoves ? { ...schemas, ...schemas.merging } : schemas)[operation] as OperationSchemas[Operation]
}

/** Violations whose paths begin with one of core's names, with the wire names of an operation instead. */
export function renameViolations(
  dialect: Dialect,
  operation: OperationName,
  violations: readonly Violation[],
): readonly Violation[] {
  const names = wireNames(dialect, operation)
  return violations.map(({ path, message }) => ({
    path: path.replace(/^[A-Za-z]+/, (name) => names.get(name) ?? name),
    message,
  }))
}

/** The wire names of an operation, by core's names. */
function wireNames({ list, members }: Dialect, operation: OperationName): ReadonlyMap<string, string> {
  const { cursor, limit } = list
  if (operation === 'list') return new Map(Object.entries({ cursor, limit }))
  // An escalation may concern a member that this operation does not take. `create` takes them all.
  const wire = { ...members.create, ...(operation in members && members[operation as BodyOperation]) }
  return new Map(Object.entries(wire).map(([name, member]) => [member, name]))
}
