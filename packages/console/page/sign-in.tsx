import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { ApiError } from './api'
import { CONFIG } from './config'
import { Field, Form } from './form'
import { signIn, signInError, wasCut } from './session'
import { ErrorNotice, Progress, type Task, useTask } from './ui'

/** The way in for people whom the host does not sign in. */
export function SignIn() {
  return (
    <div class="card sign-in">
      <div role="alert" class={wasCut.value ? 'notice notice-warning' : 'quiet'}>
        {wasCut.value && (
          <p>Your sign-in has ended. Sign in again to go on where you were: what you entered is kept.</p>
        )}
      </div>
      {!CONFIG.sessionOnly && <TokenForm />}
      {CONFIG.maySignIn && <HostSignIn />}
    </div>
  )
}

function TokenForm() {
  const text = useSignal('')
  const field = useRef<HTMLInputElement>(null)
  const task = useTask(async () => {
    await signIn(text.value)
    field.current?.focus()
  })
  const error = signInError.value
  useEffect(() => field.current?.focus(), [])
  return (
    <Form label="Sign in with a token" error={error} onSubmit={() => void task.start()}>
      <h2>Sign in with a token</h2>
      <p class="muted">
        Paste a token that may manage tokens. This tab alone knows it, until you sign out or close the tab.
      </p>
      <Field label="Token" errors={error === undefined || error.isTemporary ? [] : [wordsFor(error)]}>
        {(control) => (
          <input
            {...control}
            ref={field}
            type="password"
            autocomplete="off"
            spellcheck={false}
            data-1p-ignore
            data-lpignore="true"
            value={text.value}
            onInput={(event) => {
              text.value = event.currentTarget.value
            }}
          />
        )}
      </Field>
      <ErrorNotice error={error?.isTemporary ? error : undefined} retry={() => void task.start()} />
      <div class="buttons actions">
        <Progress when={task.isBusy} label="Signing in" />
        <button type="submit" class="button primary" aria-disabled={task.isBusy}>
          Sign in
        </button>
      </div>
    </Form>
  )
}

function HostSignIn() {
  const again = useTask(async () => signIn(undefined))
  const { sessionOnly } = CONFIG
  return (
    <section aria-label="Sign in to the application">
      {sessionOnly && <h2>Sign in</h2>}
      <p class="muted">
        {sessionOnly ? 'Sign in' : 'Or sign in'} to the application that this page belongs to, for instance in another
        tab. Then go on here.
      </p>
      {sessionOnly && <ErrorNotice error={signInError.value} />}
      <div class="buttons actions">
        <Progress when={again.isBusy} label="Signing in" />
        <GoOn task={again} />
      </div>
    </section>
  )
}

function GoOn({ task }: { readonly task: Task }) {
  return (
    <button type="button" class="button" aria-disabled={task.isBusy} onClick={() => void task.start()}>
      I am signed in
    </button>
  )
}

function wordsFor({ status, message }: ApiError): string {
  if (status !== 401) return message
  return 'This token is not valid. It may be mistyped, expired, disabled or revoked.'
}
