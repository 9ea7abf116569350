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
  const isSafe = !isOldInUse && isSinceRotation(lastUsedAt)

  return (
    <section class="rotation" aria-labelledby="rotation-title">
      <h3 id="rotation-title">Rotation in progress</h3>
      <dl class="members">
        <dt>Old secret ends</dt>
        <dd title={exactTime(previous.expiresAt)}>
          {ago(previous.expiresAt)} <span class="muted">({exactTime(previous.expiresAt)})</span>
        </dd>
        <dt>Old secret last used</dt>
        <dd>{lastUse(previous)}</dd>
        <dt>Token last used</dt>
        <dd>{lastUse({ lastUsedAt, lastUsedIp })}</dd>
      </dl>
      {isOldInUse && (
        <p class="unsafe">
          The old secret was used after the rotation began: {lastUse(previous)}. Whoever still uses it will be refused
          once the rotation is finished.
        </p>
      )}
      {isSafe && (
        <p class="safe">
          The new secret is in use. The old secret has not been used since the rotation began: it is safe to finish.
        </p>
      )}
      {!isOldInUse && !isSafe && (
        <p>
          Neither secret has been used since the rotation began. Give the new one to every program that has the old one;
          this page shows when it is in use.
        </p>
      )}
      <div class="buttons">
        {(change || own) && (
          <button
            type="button"
            class={isSafe ? 'button primary' : 'button'}
            aria-disabled={finish.isBusy}
            onClick={() => void finish.start()}
          >
            Finish now
          </button>
        )}
        {issue && (
          <button type="button" class="button" aria-disabled={cancel.isBusy} onClick={() => void cancel.start()}>
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
    <span title={exactTime(lastUsedAt)}>
      {ago(lastUsedAt)}
      {lastUsedIp !== undefined && <span class="muted"> from {lastUsedIp}</span>}
    </span>
  )
}
