import { useEffect } from 'preact/hooks'
import { ago, exactTime } from './format'
import { announce, detailsError, endRotation, failDetails, mayAct, refreshDetails } from './state'
import type { PreviousSecret, Token } from './types'
import { Progress, useTask } from './ui'

/** How often the last uses are read again while a rotation is watched. */
const WATCH_MS = 5_000

/** Which secret is still in use, while two of them work. */
export function Rotation({ token, previous }: { readonly token: Token; readonly previous: PreviousSecret }) {
  const { id, rotatedAt, lastUsedAt, lastUsedIp } = token
  useEffect(() => {
    const timer = setInterval(() => {
      // What went wrong is read first.
      if (document.visibilityState === 'visible' && detailsError.peek() === undefined) void refreshDetails()
    }, WATCH_MS)
    return () => clearInterval(timer)
  }, [id])

  const act = (step: 'finish' | 'cancel', done: string) => async () => {
    try {
      await endRotation(id, step)
      announce(done)
      // The button that was pressed is gone.
      document.querySelector<HTMLElement>('.details h2')?.focus()
    } catch (error) {
      failDetails(id, error)
    }
  }
  const finish = useTask(act('finish', 'The rotation is finished. The old secret is refused from now on.'))
  const cancel = useTask(act('cancel', 'The rotation is cancelled. The old secret is the only one again.'))
  const { change, issue, own } = mayAct(token)
  const isSinceRotation = (time: string | undefined) =>
    time !== undefined && (rotatedAt === undefined || Date.parse(time) >= Date.parse(rotatedAt))
  const isOldInUse = isSinceRotation(previous.lastUsedAt)
  // The last use of the token is that of either secret.
  const isNewInUse = isSinceRotation(lastUsedAt) && lastUsedAt !== previous.lastUsedAt
  // The uses of a page that signs in by this token are no sign of anybody else's.
  const isSafe = !isOldInUse && isNewInUse && !own

  return (
    <section class="rotation" aria-labelledby="rotation-title">
      <h3 id="rotation-title">Rotation in progress</h3>
      <dl class="members">
        <dt>Old secret ends</dt>
        <dd>
          {ago(previous.expiresAt)} <span class="muted">({exactTime(previous.expiresAt)})</span>
        </dd>
        <dt>Old secret last used</dt>
        <dd>{lastUse(previous)}</dd>
        <dt>New secret last used</dt>
        <dd>{isNewInUse ? lastUse({ lastUsedAt, lastUsedIp }) : isOldInUse ? 'Not after the old one' : 'Never'}</dd>
      </dl>
      {isOldInUse && (
        <p class="unsafe">
          The old secret was used after the rotation began: {ago(previous.lastUsedAt ?? '')}.{' '}
          {isNewInUse && 'Since then, the new one has been used. '}
          Whoever still uses the old one will be refused once the rotation is finished.
        </p>
      )}
      {isSafe && (
        <p class="safe">
          The new secret is in use. The old secret has not been used since the rotation began: it is safe to finish.
        </p>
      )}
      {!isOldInUse && isNewInUse && own && (
        <p>This page itself uses the new secret. The old secret has not been used since the rotation began.</p>
      )}
      {!isOldInUse && !isNewInUse && (
        <p>
          Neither secret has been used since the rotation began. Give the new one to every program that has the old one;
          this page shows when it is in use.
        </p>
      )}
      {(change || own || issue) && (
        <ul class="muted">
          {(change || own) && <li>Finish now: the old secret is refused at once.</li>}
          {issue && <li>Cancel rotation: the new secret is refused at once, and the old one stays.</li>}
        </ul>
      )}
      <div class="buttons">
        {(change || own) && (
          <button
            type="button"
            class={isSafe ? 'button primary' : isOldInUse ? 'button danger-quiet' : 'button'}
            aria-disabled={finish.isBusy}
            onClick={() => void finish.start()}
          >
            Finish now
          </button>
        )}
        {issue && (
          <button
            type="button"
            class="button danger-quiet"
            aria-disabled={cancel.isBusy}
            onClick={() => void cancel.start()}
          >
            Cancel rotation
          </button>
        )}
        <Progress when={finish.isBusy || cancel.isBusy} />
      </div>
    </section>
  )
}

function lastUse({
  lastUsedAt,
  lastUsedIp,
}: {
  readonly lastUsedAt?: string | undefined
  readonly lastUsedIp?: string | undefined
}) {
  if (lastUsedAt === undefined) return 'Never'
  return (
    <>
      {ago(lastUsedAt)} <span class="muted">({exactTime(lastUsedAt)})</span>
      {lastUsedIp !== undefined && <div class="muted">from {lastUsedIp}</div>}
    </>
  )
}
