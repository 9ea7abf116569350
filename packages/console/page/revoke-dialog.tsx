import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { call, now } from './api'
import { Form } from './form'
import { count, DAY } from './format'
import { reload } from './list'
import { Modal } from './modal'
import { capabilities, ownId } from './session'
import { announce, closeToken } from './state'
import { Actions, closeDialog } from './token-dialogs'
import type { Token, TokenList } from './types'
import { ErrorNotice, Progress, useTask } from './ui'
import { filters, queryOf } from './view'

interface Progressed {
  readonly revoked: number
  readonly remaining: number
}

/** Without the admin right, only the caller's own tokens are meant. */
function meantFilter(): Readonly<Record<string, string>> {
  const { owner = '', may, personal } = capabilities.peek() ?? {}
  return { ...queryOf(filters.peek()), ...((personal || !may?.admin) && { owner }) }
}

/** Whether the token that signs in, which is kept, is among those that match. */
async function ownMatches(): Promise<boolean> {
  if (ownId.peek() === undefined) return false
  const token = await call<Token>('GET', '/self')
  const { owner, scope, status, used } = filters.peek()
  const [, kind, days] = /^(last|not)-(\d+)d$/.exec(used) ?? []
  const isUsedSince = Date.parse(token.lastUsedAt ?? token.createdAt) >= now() - Number(days) * DAY
  return (
    (owner === '' || token.owner === owner) &&
    (scope === '' || token.scopes.includes(scope)) &&
    status !== 'disabled' &&
    status !== 'expired' &&
    (kind === undefined || (kind === 'last') === isUsedSince)
  )
}

/** Whether the filter can match a token that the caller may revoke. */
export function canRevokeMatching(): boolean {
  const { owner, may, personal } = capabilities.value ?? {}
  const named = filters.value.owner
  return may?.write === true && ((may.admin && !personal) || named === '' || named === owner)
}

function bodyOf({ scope, enabled, ...rest }: Readonly<Record<string, string>>): object {
  return {
    ...rest,
    ...(scope !== undefined && { scope: [scope] }),
    ...(enabled !== undefined && { enabled: enabled === 'true' }),
  }
}

/** Deletes what the filters match, a thousand tokens a request. */
export function RevokeDialog() {
  const matching = useSignal<number | undefined>(undefined)
  const revoked = useSignal(0)
  const counting = useTask(async () => {
    const query = new URLSearchParams({ ...meantFilter(), limit: '1' })
    const [{ total }, isOwnMatching] = await Promise.all([call<TokenList>('GET', `?${query}`), ownMatches()])
    matching.value = total - (isOwnMatching ? 1 : 0)
  })
  const task = useTask(async () => {
    const body = bodyOf(meantFilter())
    let progress: Progressed
    do {
      progress = await call<Progressed>('POST', '/revoke-all', body)
      revoked.value += progress.revoked
    } while (progress.revoked > 0 && progress.remaining > 0)
    closeDialog()
    closeToken()
    announce(`${count(revoked.value, 'token')} revoked.`)
    await reload()
  })
  useEffect(() => void counting.start(), [])

  const { owner } = meantFilter()
  const whose = owner === undefined ? 'all owners' : owner
  return (
    <Modal title="Revoke matching tokens" onClose={closeDialog}>
      <Form error={task.error} onSubmit={() => void task.start()}>
        <ErrorNotice error={counting.error} retry={() => void counting.start()} />
        <Progress when={matching.value === undefined && counting.isBusy} label="Counting" />
        {matching.value !== undefined && (
          <p>
            The filters match <strong>{count(matching.value, 'token')}</strong> of <bdi>{whose}</bdi>. What matches is
            deleted, and refused at once. This cannot be undone.
          </p>
        )}
        {filters.value.status === 'active' && <p class="hint">Tokens that have expired count as well.</p>}
        <p class="hint">The token that signs you in is kept.</p>
        {(task.isBusy || revoked.value > 0) && matching.value !== undefined && (
          <div class="field">
            <progress class="busy" aria-label="Revoked" max={Math.max(1, matching.value)} value={revoked.value} />
            <p role="status">{`${count(revoked.value, 'token')} revoked so far`}</p>
          </div>
        )}
        <Actions task={task} label="Revoke" isDangerous members={[]} />
      </Form>
    </Modal>
  )
}
