import type { Violation } from '../../errors.js'
import type { IssuedToken } from '../../manage/create.js'
import type { TokenPage } from '../../manage/list.js'
import type { SortKey } from '../../store/token-store.js'
import type { ApiToken } from '../../types.js'
import type { HttpResponse } from '../message.js'

export type OperationName =
  | 'list'
  | 'create'
  | 'lookup'
  | 'revoke'
  | 'get'
  | 'update'
  | 'delete'
  | 'rotate'
  | 'finish'
  | 'cancel'
  | 'describe'

/** Where an operation is found; `{id}` stands for one segment. */
export interface RoutePattern {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
}

export type BodyOperation = 'create' | 'update' | 'rotate' | 'lookup' | 'revoke'

/** The query parameters of a list in a dialect's words; those it does not have are absent. */
export interface ListWords {
  readonly cursor: string
  readonly limit: string
  readonly limits: { readonly min: number; readonly max: number; readonly standard: number }
  /** Whether the cursor excludes every other parameter. */
  readonly cursorAlone: boolean
  readonly selector?: string
  readonly fields?: string
  readonly from?: string
  readonly to?: string
  readonly sort?: { readonly name: string; readonly keys: Readonly<Record<string, SortKey>> }
}

/** Where a violation was found. */
export type ParameterLocation = 'PAYLOAD_BODY' | 'QUERY' | 'PATH' | 'HEADER'

/**
 * A published API's words for the operations of core: members, envelopes, statuses, paths. No rule is decided in a
 * dialect.
 */
export interface Dialect {
  readonly name: 'dynatrace' | 'panther'
  readonly routes: Readonly<Partial<Record<OperationName, RoutePattern>>>
  /** Core's input members by their wire names, for each operation with a body. */
  readonly members: Readonly<Partial<Record<BodyOperation, Readonly<Record<string, string>>>>>
  /** Wire members that a client may send back as it got them; they are ignored. */
  readonly ignored: Readonly<Partial<Record<BodyOperation, readonly string[]>>>
  /** Wire members that must be there, beyond those that core needs. */
  readonly required: Readonly<Partial<Record<BodyOperation, readonly string[]>>>
  readonly list: ListWords
  /** The resource's members in their order, and those that a list shows unless asked otherwise. */
  readonly fields: readonly string[]
  readonly standardFields: readonly string[]
  resource(token: ApiToken): Record<string, unknown>
  /** `rows`: resources, cut down to the fields asked for. */
  listed(page: TokenPage, rows: readonly Record<string, unknown>[]): HttpResponse
  created(issued: IssuedToken, mount: string): HttpResponse
  updated(token: ApiToken): HttpResponse
  rotated(issued: IssuedToken): HttpResponse
  /** The body of an error. */
  error(status: number, message: string, violations: readonly Violation[], location?: ParameterLocation): unknown
}

/** `yyyy-MM-ddTHH:mm:ss.SSSZ`, always with three digits; left out for times that are not set. */
export function timestamp<Name extends string>(name: Name, at: number | undefined): { [K in Name]?: string } {
  return at === undefined ? {} : ({ [name]: new Date(at).toISOString() } as { [K in Name]?: string })
}
