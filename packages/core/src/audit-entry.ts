import type { ErrorCode, Violation } from './errors.js'
import type { Actor } from './types.js'

/** An operation of the management API. */
export type ManagementOperation =
  | 'list'
  | 'get'
  | 'lookup'
  | 'create'
  | 'update'
  | 'delete'
  | 'revoke'
  | 'revokeAll'
  | 'rotate'
  | 'finish'
  | 'cancel'
  | 'explain'
  | 'capabilities'

export type AuditAction = ManagementOperation | 'purge' | 'import'

/** An entry of the audit: one management operation. Never holds a secret, a hash or a tag. */
export interface AuditEntry {
  /** Epoch milliseconds. */
  readonly at: number
  readonly environment: string
  readonly action: AuditAction
  /**
   * - `begun`: judged, and about to be written. Only `onAudit` gets it. A write that loses a race begins again.
   * - `done`: carried out.
   * - `refused`: the caller may not do it, or not to this token, or the input or the state of the token forbids it.
   * - `failed`: it could not be carried out; `code` says whether a race, the store or the host was the reason.
   */
  readonly outcome: 'begun' | 'done' | 'refused' | 'failed'
  /** The code of the error, with `refused` and `failed`. */
  readonly code?: ErrorCode
  readonly actor: Actor
  /** The address of the caller's request, canonical. */
  readonly ip?: string
  /** The token that it is about. Owner and name are absent if the token was not read. */
  readonly token?: { readonly id: string; readonly owner?: string; readonly name?: string }
  /** The members that change. A member that was absent has no `from`, one that is removed no `to`. */
  readonly changes?: Readonly<Record<string, { readonly from?: unknown; readonly to?: unknown }>>
  /** With `refused`: every violation; for an escalation with its dimension. */
  readonly violations?: readonly Violation[]
  /** With `purge`: the tokens that were removed. */
  readonly ids?: readonly string[]
  /** With `import`: how many rows were imported, how many were there already, and how many break rules. */
  readonly counts?: { readonly imported: number; readonly skipped: number; readonly rejected: number }
}

/** The host's own keeper of the audit. What it returns is awaited. */
export type OnAudit = (entry: AuditEntry) => void | Promise<void>
