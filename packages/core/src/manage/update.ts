import { isDeepStrictEqual } from 'node:util'
import { compact } from '../compact.js'
import { RequestError, type Violation } from '../errors.js'
import { publish } from '../events.js'
import { isObject } from '../option-checks.js'
import { isExpired } from '../policy/evaluate.js'
import { isGrantable, parseScope } from '../policy/scopes.js'
import { parseTimeframe } from '../query/timeframe.js'
import { applyPatch } from '../store/patch.js'
import type { TokenPatch } from '../store/token-store.js'
import { publicView } from '../token/record.js'
import type { ApiToken, TokenRecord } from '../types.js'
import { changesOf } from './audit.js'
import { assertNoEscalation, grantOf, type PrincipalOrHost } from './caller.js'
import { type CheckedInput, invalidInput, parseInput } from './check-input.js'
import type { ManageContext } from './context.js'
import type { CheckedUpdate } from './inputs.js'
import { checkMetadata } from './metadata.js'
import { findRecord, retryRaces, writePatch } from './records.js'
import { MAX_SCOPES, unknownScope } from './schemas.js'
import { expiryProblem, mustExpire } from './time-schemas.js'
import { notFound } from './visibility.js'

/** The members whose change counts as a modification. `enabled` and `expiresAt` do not. */
const MODIFYING = ['name', 'scopes', 'networks', 'resources', 'metadata'] as const

/** An input that was checked apart from the token, and what is wrong with it unless the token has it already. */
export interface UpdateRequest {
  readonly checked: CheckedInput<CheckedUpdate>
  readonly problemsUnlessHeld: readonly {
    readonly violation: Violation
    /** `undefined`: there is no such token. */
    isHeldBy(record: TokenRecord | undefined): boolean
  }[]
  /** Whether it is a merge patch: `null` removes a member, and metadata is merged into that of the token (RFC 7396). */
  readonly merges: boolean
}

/** Checks an input once. What is valid only for some tokens is decided by `updateToken`. */
export function readUpdate(context: Omit<ManageContext, 'verifier'>, input: unknown, merges = false): UpdateRequest {
  const { schemas } = context
  const checked = parseInput(merges ? schemas.merging.update : schemas.update, input, merges)
  // Of a valid input, what was checked: a getter may return something else when it is read again.
  const read: unknown = checked.ok ? checked.value : input
  const { scopes, expiresAt } = isObject(read) ? (read as Readonly<Record<string, unknown>>) : {}
  const problemsUnlessHeld: UpdateRequest['problemsUnlessHeld'][number][] = []
  // A longer list is refused for its length.
  for (const [i, scope] of Array.isArray(scopes) ? scopes.slice(0, MAX_SCOPES).entries() : []) {
    if (!parseScope(scope).ok || isGrantable(scope, context.declaredScopes)) continue
    const violation = { path: `scopes[${i}]`, message: unknownScope(scope) }
    problemsUnlessHeld.push({ violation, isHeldBy: (record) => record?.scopes.includes(scope) === true })
  }
  const expiry = checked.ok ? checked.value.expiresAt : timeOf(expiresAt, context.now())
  const problem = typeof expiry === 'number' ? expiryProblem(expiry, context) : undefined
  if (problem !== undefined) {
    const violation = { path: 'expiresAt', message: problem }
    problemsUnlessHeld.push({ violation, isHeldBy: (record) => record?.expiresAt === expiry })
  }
  if (merges && expiresAt === null && context.maxLifetime !== undefined) {
    const violation = { path: 'expiresAt', message: mustExpire(context) }
    problemsUnlessHeld.push({ violation, isHeldBy: (record) => record !== undefined && record.expiresAt === undefined })
  }
  return { checked, problemsUnlessHeld, merges }
}

function timeOf(given: unknown, now: number): number | undefined {
  const read = parseTimeframe(given, now)
  return read.ok ? read.value : undefined
}

/**
 * Changes a token: what is absent stays. The caller is checked against what the change adds; enabling a disabled token
 * is checked as issuing all of it. What stays as it is was valid once and is not validated again.
 * Throws `ERR_INVALID_INPUT`, `ERR_NOT_FOUND`, `ERR_OWN_TOKEN`, `ERR_NOT_ALLOWED`, `ERR_STATE`, `ERR_RACE`.
 */
export async function updateToken(
  context: ManageContext,
  id: string,
  request: UpdateRequest,
  principal: PrincipalOrHost,
): Promise<ApiToken> {
  const { audit, environment, now } = context
  return audit.run('update', principal, async (trail) => {
    const store = await context.store()
    return retryRaces(async () => {
      const record = await findRecord(store, id, principal, trail)
      const input = inputFor(record, request)
      if (record === undefined) throw notFound()
      if (input.enabled === false && id === principal?.token?.id) {
        throw new RequestError(
          'ERR_OWN_TOKEN',
          'The token that authenticates the call cannot disable itself. Delete it as self, or disable it by another token.',
        )
      }
      const patch = changedMembers(record, input, now(), principal)
      const before = grantOf(record, environment)
      const after = grantOf(applyPatch(record, patch), environment)
      const check = (caller: PrincipalOrHost) => {
        assertNoEscalation(caller, after, { kind: patch.enabled === true ? 'reissue' : 'change', before })
        if (patch.expiresAt !== undefined && isExpired(record.expiresAt, now())) {
          throw new RequestError('ERR_STATE', 'The token has expired, and its expiry cannot be changed any more.')
        }
      }
      check(principal)
      if (Object.keys(patch).length === 0) return publicView(record, now())
      check(await trail.beforeWrite(changesOf(record, patch)))
      const written = await writePatch(context, store, record, patch)
      publish('updated', compact({ environment, id, by: principal?.token?.id }))
      return publicView(written, now())
    })
  })
}

/** The input, if it is valid for this token. Throws `ERR_INVALID_INPUT` with every violation. */
function inputFor(
  record: TokenRecord | undefined,
  { checked, problemsUnlessHeld, merges }: UpdateRequest,
): CheckedUpdate {
  const found = problemsUnlessHeld.filter(({ isHeldBy }) => !isHeldBy(record))
  const violations = found.map(({ violation }) => violation)
  if (!checked.ok) throw invalidInput([...checked.violations, ...violations])
  if (violations.length > 0) throw invalidInput(violations)
  const { metadata: patch } = checked.value
  if (!merges || !patch) return checked.value
  const metadata = mergePatch(record?.metadata, patch)
  const problem = checkMetadata(metadata)
  if (problem !== undefined) throw invalidInput([{ path: 'metadata', message: problem }])
  return { ...checked.value, metadata }
}

/** The members that really change, and the time and author of the modification if one of them counts as one. */
function changedMembers(
  record: TokenRecord,
  input: CheckedUpdate,
  now: number,
  principal: PrincipalOrHost,
): TokenPatch {
  const changed = Object.entries(input).filter(
    ([member, value]) => !isDeepStrictEqual(value ?? undefined, record[member as keyof CheckedUpdate]),
  )
  const patch: TokenPatch = Object.fromEntries(changed)
  if (MODIFYING.some((member) => member in patch)) {
    patch.modifiedAt = now
    patch.modifiedBy = principal?.actor ?? { kind: 'host' }
  }
  return patch
}

/** What a JSON object becomes when a patch is merged into it: `null` takes members away. Source: RFC 7396 §2. */
export function mergePatch(target: unknown, patch: object): Record<string, unknown> {
  const members = new Map<string, unknown>(isObject(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name)
    else members.set(name, isObject(value) ? mergePatch(members.get(name), value) : value)
  }
  return Object.fromEntries(members)
}
