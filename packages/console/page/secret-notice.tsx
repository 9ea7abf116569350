import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { call } from './api'
import { capabilities } from './session'
import type { Check, Explanation, Token } from './types'
import { ErrorNotice, useTask } from './ui'

/** What must hold besides the secret, whatever a request asks for. */
const OF_THE_TOKEN: readonly string[] = ['enabled', 'expiry', 'owner']

/** What a whole token that was found somewhere lets in. Judged again when the token changes. */
export function SecretNotice({ token, text }: { readonly token: Token; readonly text: string }) {
  const { enabled, modifiedAt, rotatedAt, previousSecret } = token
  const state = [text, enabled, modifiedAt, rotatedAt, previousSecret?.expiresAt].join()
  const judged = useSignal<{ readonly state: string; readonly checks: readonly Check[] } | undefined>(undefined)
  const judging = useTask(async () => {
    const { checks } = await call<Explanation>('POST', '/explain', { token: text })
    judged.value = { state, checks }
  })
  const isCurrent = judged.value?.state === state
  useEffect(() => {
    // Again after an answer that a change has overtaken.
    if (!isCurrent && judging.error === undefined && capabilities.peek()?.may.read === true) void judging.start()
  }, [state, judging.isBusy])

  return (
    <>
      <ErrorNotice error={judging.error} retry={() => void judging.start()} />
      <div role="status">{isCurrent && <Outcome token={token} checks={judged.value?.checks ?? []} />}</div>
    </>
  )
}

function Outcome({ token, checks }: { readonly token: Token; readonly checks: readonly Check[] }) {
  const secret = checks.find(({ check }) => check === 'secret')
  if (secret === undefined) return null
  if (!secret.passed) return <p class="notice">The secret that you looked up opens nothing. {secret.detail}</p>
  if (checks.some(({ check, passed }) => !passed && OF_THE_TOKEN.includes(check))) {
    return <p class="notice">The secret that you looked up is right, but its token is refused.</p>
  }
  const isRotating = token.previousSecret !== undefined
  return (
    <p class="notice notice-warning">
      The secret that you looked up works. {secret.detail} Whoever has it can do what the scopes below allow
      {token.networks.length > 0 && ', from the allowed networks'}.{' '}
      {isRotating
        ? 'If the previous secret leaked, finish the rotation now. If the current one did, disable or delete the token.'
        : 'If it leaked, rotate the token and keep the current secret working “Not at all”: its programs need the new one. Or disable the token, which can be undone, or delete it.'}
    </p>
  )
}
