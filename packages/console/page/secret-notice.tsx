import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { call } from './api'
import { isExpired } from './format'
import { capabilities } from './session'
import type { Check, Explanation, Token } from './types'

/** What a whole token that was found somewhere lets in. Judged again when the secrets of the token change. */
export function SecretNotice({ token, text }: { readonly token: Token; readonly text: string }) {
  const secret = useSignal<Check | undefined>(undefined)
  const { rotatedAt, previousSecret } = token
  useEffect(() => {
    if (capabilities.peek()?.may.read !== true) return
    void call<Explanation>('POST', '/explain', { token: text }).then(
      ({ checks }) => {
        secret.value = checks.find(({ check }) => check === 'secret')
      },
      () => undefined,
    )
  }, [text, rotatedAt, previousSecret?.expiresAt])

  if (secret.value === undefined) return null
  const { passed, detail } = secret.value
  if (!passed) return <p class="notice">The secret that you looked up opens nothing. {detail}</p>
  if (!token.enabled || isExpired(token)) {
    return <p class="notice">The secret that you looked up is right, but its token is refused.</p>
  }
  return (
    <p class="notice notice-warning">
      The secret that you looked up works. {detail} Whoever has it can do what the scopes below allow
      {token.networks.length > 0 && ', from the allowed networks'}. If it leaked, rotate the token and keep the current
      secret working “Not at all”: its programs need the new one. Or disable the token, which can be undone, or delete
      it.
    </p>
  )
}
