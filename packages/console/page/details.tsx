import { useEffect, useRef } from 'preact/hooks'
import { isExpired, statusesOf } from './format'
import { Rotation } from './rotation'
import { SecretNotice } from './secret-notice'
import {
  announce,
  changeToken,
  closeToken,
  details,
  detailsError,
  dialog,
  failDetails,
  lookedUp,
  mayAct,
  refreshDetails,
} from './state'
import { Members } from './token-members'
import type { Token } from './types'
import { ErrorNotice, Progress, useTask } from './ui'
import { openedId } from './view'

/** The details of the token that is opened. */
export function Details() {
  const id = openedId.value
  const token = details.value
  const error = detailsError.value
  const heading = useRef<HTMLHeadingElement>(null)
  const isRead = token?.id === id
  // The eye and the screen reader follow the click.
  useEffect(() => {
    if (!isRead) return
    heading.current?.focus({ preventScroll: true })
    heading.current?.scrollIntoView({ block: 'nearest' })
  }, [id, isRead])

  if (id === '') return null
  if (token === undefined || !isRead) {
    return (
      <section class="card details" aria-label="Details">
        <ErrorNotice error={error} retry={() => void refreshDetails()} />
        <Progress when={error === undefined} label="Loading" />
        {error !== undefined && (
          <div class="buttons actions">
            <button type="button" class="button" onClick={closeToken}>
              Close
            </button>
          </div>
        )}
      </section>
    )
  }
  return (
    <section class="card details" aria-label={token.name}>
      <div class="details-head">
        <h2 ref={heading} tabIndex={-1}>
          <bdi>{token.name}</bdi>
        </h2>
        <button type="button" class="button" onClick={() => closeAndReturn(token.id)}>
          Close
        </button>
      </div>
      <p class="status-line">
        {statusesOf(token).map((each) => (
          <span key={each} class={`status status-${each.toLowerCase()}`}>
            {each}
          </span>
        ))}
        {token.personal && <span class="tag">Personal</span>}
      </p>
      <ErrorNotice error={error} retry={() => void refreshDetails()} />
      {lookedUp.value?.id === id && <SecretNotice token={token} text={lookedUp.value.token} />}
      <Acts token={token} />
      {token.previousSecret !== undefined && <Rotation token={token} previous={token.previousSecret} />}
      <Members token={token} />
    </section>
  )
}

/** The focus goes back to the row that opened the details. */
function closeAndReturn(id: string): void {
  closeToken()
  document.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`)?.focus()
}

function Acts({ token }: { readonly token: Token }) {
  const { id, enabled } = token
  const { change, issue, own } = mayAct(token)
  const toggle = useTask(async () => {
    try {
      await changeToken(id, { enabled: !enabled })
      announce(enabled ? 'The token is disabled. It is refused from now on.' : 'The token is enabled.')
    } catch (error) {
      failDetails(id, error)
    }
  })
  const open = (kind: 'edit' | 'rotate' | 'delete') => () => {
    dialog.value = { kind, token }
  }
  const mayRotate = issue && enabled && !isExpired(token)
  return (
    <div class="buttons">
      {change && (
        <button type="button" class="button" onClick={open('edit')}>
          Edit
        </button>
      )}
      {enabled && change && !own && (
        <button type="button" class="button" aria-disabled={toggle.isBusy} onClick={() => void toggle.start()}>
          Disable
        </button>
      )}
      {!enabled && change && issue && (
        <button type="button" class="button" aria-disabled={toggle.isBusy} onClick={() => void toggle.start()}>
          Enable
        </button>
      )}
      {mayRotate && (
        <button type="button" class="button" onClick={open('rotate')}>
          Rotate
        </button>
      )}
      {(change || own) && (
        <button type="button" class="button danger-quiet" onClick={open('delete')}>
          Delete
        </button>
      )}
      <Progress when={toggle.isBusy} />
    </div>
  )
}
