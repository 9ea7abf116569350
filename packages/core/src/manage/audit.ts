import type { AuditAction, AuditEntry, OnAudit } from '../audit-entry.js'
import { compact } from '../compact.js'
import { LatchkeyError, RequestError, UnavailableError } from '../errors.js'
import { publish } from '../events.js'
import { beforeDeadline, deadlineIn } from '../store/deadline.js'
import type { TokenPatch } from '../store/token-store.js'
import { parseToken } from '../token/format.js'
import { isTokenId } from '../token/id.js'
import type { TokenRecord } from '../types.js'
import { RULES } from './authority.js'
import { currentCaller, type PrincipalOrHost } from './caller.js'
import { maySee, notFound } from './visibility.js'

export interface AuditOptions {
  readonly environment: string
  readonly now: () => number
  readonly onAudit: OnAudit | undefined
  /** Whether reads have entries too. */
  readonly reads: boolean
  /** How long `onAudit` may take, in ms. */
  readonly hostTimeout: number
}

/** What an operation says of itself before it ends. */
export interface Trail {
  /** Names the token that the operation is about. */
  concerns(token: NonNullable<AuditEntry['token']>): void
  /** Counts that the operation goes on to change. The entry of its end has them as they are then. */
  counts(counts: NonNullable<AuditEntry['counts']>): void
  /**
   * To be called right before a write. Rejects with `UnavailableError` (`ERR_AUDIT`) if `onAudit` does not take the
   * entry: then nothing may be written. Resolves to the caller as it is by now, who must be judged again.
   */
  beforeWrite(changes?: AuditEntry['changes']): Promise<PrincipalOrHost>
}

export interface Audit {
  /** Runs an operation and records it, whatever its outcome is. */
  run<T>(action: AuditAction, principal: PrincipalOrHost, operation: (trail: Trail) => Promise<T>): Promise<T>
  /**
   * Records an operation that was refused before it ran. `named`: how the caller names the token, by its id or by the
   * whole token, of which the audit keeps the id alone.
   */
  refuse(action: AuditAction, principal: PrincipalOrHost, named: string | undefined, error: unknown): Promise<void>
  /** Records a purge. */
  purged(ids: readonly string[]): Promise<void>
}

type Detail = 'code' | 'token' | 'changes' | 'violations' | 'ids' | 'counts'
type Details = { readonly outcome: AuditEntry['outcome'] } & { readonly [D in Detail]?: AuditEntry[D] | undefined }

export function createAudit({ environment, now, onAudit, reads, hostTimeout }: AuditOptions): Audit {
  function entryOf(action: AuditAction, principal: PrincipalOrHost, details: Details): AuditEntry {
    const { actor = { kind: 'host' }, ip } = principal ?? {}
    return compact({ at: now(), environment, action, actor, ip, ...details })
  }

  async function callHost(entry: AuditEntry): Promise<void> {
    if (onAudit !== undefined) await beforeDeadline(deadlineIn(hostTimeout), async () => onAudit(entry))
  }

  async function begin(entry: AuditEntry): Promise<void> {
    try {
      await callHost(entry)
    } catch (cause) {
      throw new UnavailableError('ERR_AUDIT', 'The audit could not be written, so nothing was changed', { cause })
    }
  }

  /** What happened cannot be taken back, so a failure of `onAudit` is an event, not an error. */
  async function record(entry: AuditEntry): Promise<void> {
    publish('audit', entry)
    try {
      await callHost(entry)
    } catch (error) {
      publish('audit-error', { environment, entry, error })
    }
  }

  async function refuse(
    action: AuditAction,
    principal: PrincipalOrHost,
    named: string | undefined,
    error: unknown,
  ): Promise<void> {
    if (!reads && !isWrite(action)) return
    const id = isTokenId(named) ? named : parseToken(named)?.id
    const token = id === undefined ? undefined : { id }
    await record(entryOf(action, principal, { ...outcomeOf(error), token }))
  }

  return {
    refuse,
    async run(action, principal, operation) {
      if (!reads && !isWrite(action)) {
        return operation({ concerns: nothing, counts: nothing, beforeWrite: async () => principal })
      }
      let token: AuditEntry['token']
      let changes: AuditEntry['changes']
      let counted: AuditEntry['counts']
      let hasBegun = false
      const about = () => ({ token, changes, counts: counted && { ...counted } })
      const trail: Trail = {
        concerns(named) {
          token = named
        },
        counts(counts) {
          counted = counts
        },
        async beforeWrite(changing) {
          changes = changing
          hasBegun = true
          if (onAudit !== undefined) await begin(entryOf(action, principal, { outcome: 'begun', token, changes }))
          const caller = await currentCaller(principal)
          // It may be bound to its owner's tokens by now.
          if (token?.owner !== undefined && !maySee(caller, { owner: token.owner })) throw notFound()
          return caller
        },
      }
      try {
        const result = await operation(trail)
        // An update that changes nothing, or the revocation of a token that is unknown, is no write.
        if (hasBegun || !isWrite(action)) await record(entryOf(action, principal, { outcome: 'done', ...about() }))
        return result
      } catch (error) {
        const recorded = record(entryOf(action, principal, { ...outcomeOf(error), ...about() }))
        // An audit that did not take the first entry in time gets the last one too, but is not waited for again.
        if (!(error instanceof UnavailableError && error.code === 'ERR_AUDIT')) await recorded
        throw error
      }
    },
    purged: (ids) => record(entryOf('purge', undefined, { outcome: 'done', ids })),
  }
}

function isWrite(action: AuditAction): boolean {
  return action === 'purge' || action === 'import' || RULES[action].writes
}

function nothing(): void {}

function outcomeOf(error: unknown): Details {
  if (!(error instanceof LatchkeyError)) return { outcome: 'failed' }
  const { code } = error
  if (!(error instanceof RequestError) || code === 'ERR_RACE') return { outcome: 'failed', code }
  return { outcome: 'refused', code, violations: error.violations.length > 0 ? error.violations : undefined }
}

/** The members of a token that the audit shows when they change. The rest is secret, or follows from the action. */
const SHOWN = [
  'name',
  'owner',
  'personal',
  'enabled',
  'scopes',
  'networks',
  'resources',
  'metadata',
  'expiresAt',
] as const

/** What a patch changes, by member. */
export function changesOf(record: Partial<TokenRecord>, patch: TokenPatch | TokenRecord): AuditEntry['changes'] {
  const changed = SHOWN.flatMap((member) => {
    const to: unknown = Reflect.get(patch, member)
    return to === undefined
      ? []
      : [[member, structuredClone(compact({ from: record[member], to: to ?? undefined }))] as const]
  })
  return Object.fromEntries(changed)
}
