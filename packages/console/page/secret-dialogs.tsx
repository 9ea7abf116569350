import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { now } from './api'
import { CONFIG, MOUNT } from './config'
import { errorsOf, Field, Form } from './form'
import { ago, DAY, exactTime, HOUR, isExpired } from './format'
import { Modal } from './modal'
import { capabilities } from './session'
import { issued, rotateToken } from './state'
import { Actions, closeDialog } from './token-dialogs'
import type { IssuedToken, Token } from './types'
import { useTask } from './ui'

/** The text of a new token. It goes when the dialog goes. */
export function IssuedDialog({ token }: { readonly token: IssuedToken }) {
  const wasCopied = useSignal(false)
  const isStored = useSignal(false)
  const hint = useSignal('You can close this once you have copied the token, or ticked the box below.')
  const field = useRef<HTMLTextAreaElement>(null)

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(token.token)
      wasCopied.value = true
      hint.value = 'Copied.'
    } catch {
      // A page without TLS, or a browser that forbids it.
      field.current?.select()
      hint.value =
        'The browser does not let this page copy. The text is selected: copy it by the keyboard, then tick the box below.'
    }
  }

  const mayClose = wasCopied.value || isStored.value
  return (
    <Modal title="Token created" isHeld onClose={() => undefined}>
      <p>
        This is the token <bdi>{token.name}</bdi>
        {token.rotatedAt !== undefined && ', with a new secret'}. <strong>It is shown this once.</strong> Store it where
        the program that uses it finds it.
      </p>
      <div class="secret">
        <Field label="Token">
          {(control) => (
            <textarea
              {...control}
              ref={field}
              rows={2}
              readOnly
              value={token.token}
              onFocus={(event) => event.currentTarget.select()}
            />
          )}
        </Field>
        <button type="button" class="button primary" autofocus onClick={() => void copy()}>
          Copy
        </button>
      </div>
      <p role="status" class="hint">
        {hint.value}
      </p>
      <p class="muted">
        {expiryOf(token)} {formerOf(token)}
      </p>
      {!CONFIG.sessionOnly && (
        <>
          <p class="muted">Try it:</p>
          <pre class="command">{`curl -H 'Authorization: Bearer ${token.token}' ${location.origin}${MOUNT}/self`}</pre>
        </>
      )}
      <label class="check">
        <input
          type="checkbox"
          checked={isStored.value}
          onInput={(event) => {
            isStored.value = event.currentTarget.checked
          }}
        />
        <span>I have stored this token</span>
      </label>
      <div class="buttons actions">
        <button
          type="button"
          class="button primary"
          disabled={!mayClose}
          onClick={() => {
            issued.value = undefined
          }}
        >
          Done
        </button>
      </div>
    </Modal>
  )
}

function expiryOf({ expiresAt }: Token): string {
  if (expiresAt === undefined) return 'It never expires.'
  return `It expires ${ago(expiresAt)} (${exactTime(expiresAt)}).`
}

/** What became of the secret before this one. */
function formerOf({ rotatedAt, previousSecret }: Token): string {
  if (rotatedAt === undefined) return ''
  if (previousSecret === undefined) return 'The old secret is refused from now on.'
  return `The old secret works until ${exactTime(previousSecret.expiresAt)}.`
}

const OVERLAPS: readonly (readonly [value: string, label: string, length: number])[] = [
  ['', 'Not at all', 0],
  ['1h', '1 hour', HOUR],
  ['1d', '1 day', DAY],
  ['7d', '7 days', 7 * DAY],
]

/** A running overlap must end before another one begins, and a former secret cannot outlive its token. */
function allowedOverlaps({ expiresAt, previousSecret }: Token) {
  const { maxOverlap = 0 } = capabilities.value ?? {}
  const left = expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt) - now()
  const longest = previousSecret === undefined ? Math.min(maxOverlap, left) : 0
  return OVERLAPS.filter(([, , length]) => length <= longest)
}

export function RotateDialog({ token }: { readonly token: Token }) {
  const allowed = allowedOverlaps(token)
  const keepFor = useSignal(allowed.find(([value]) => value === '1d')?.[0] ?? allowed.at(-1)?.[0] ?? '')
  const task = useTask(() =>
    rotateToken(token.id, keepFor.value === '' ? {} : { previousExpiresAt: `now+${keepFor.value}` }),
  )
  return (
    <Modal title="Rotate token" onClose={closeDialog}>
      <Form error={task.error} onSubmit={() => void task.start()}>
        <p>
          <bdi>{token.name}</bdi> gets a new secret. Its name, scopes and id stay.
        </p>
        <Field
          label="Keep the current secret working for"
          errors={errorsOf(task.error, 'previousExpiresAt')}
          hint={
            keepFor.value === ''
              ? 'Whoever has the current secret is refused at once.'
              : 'Both secrets work for that long. The details show whether the current one is still used. If it leaked, choose “Not at all”.'
          }
        >
          {(control) => (
            <select
              {...control}
              value={keepFor.value}
              onInput={(event) => {
                keepFor.value = event.currentTarget.value
              }}
            >
              {allowed.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
        {token.previousSecret !== undefined && !isExpired(token) && (
          <p class="hint">A rotation is in progress. Another one ends both secrets at once.</p>
        )}
        <Actions task={task} label="Rotate" isDangerous={keepFor.value === ''} members={['previousExpiresAt']} />
      </Form>
    </Modal>
  )
}
