import { useSignal } from '@preact/signals'
import { type ApiError, call } from './api'
import { Field } from './form'
import { capabilities } from './session'
import { lookedUp, openToken } from './state'
import type { Explanation, Token } from './types'
import { adviceOf, useTask } from './ui'

/** An id, or a token with its secret, anywhere in a text: a header, a line of a log. */
const TOKEN_IN_TEXT = /([a-z][a-z0-9]{1,15}\.[A-Z2-7]{24})(\.[A-Z2-7]{64})?/

/** How the routes name the token that a text is about. What is no id may be the key of another system. */
export function tokenIn(text: string): { readonly id: string } | { readonly token: string } {
  const [token, id, secret] = TOKEN_IN_TEXT.exec(text) ?? []
  if (id === undefined || token === undefined) return { token: text.trim() }
  return secret === undefined ? { id } : { token }
}

/** Shows the details of the token that a text is about, and, of a whole token, whether its secret works. */
export async function lookUp(text: string): Promise<void> {
  const named = tokenIn(text)
  const [, id] = TOKEN_IN_TEXT.exec(text) ?? []
  if (id === undefined) {
    const token = await call<Token>('POST', '/lookup', named)
    await openToken(token.id, token)
    lookedUp.value = { id: token.id, isRight: true, detail: '' }
    return
  }
  await openToken(id)
  if ('id' in named || capabilities.peek()?.may.read !== true) return
  const { checks } = await call<Explanation>('POST', '/explain', named)
  const secret = checks.find(({ check }) => check === 'secret')
  if (secret !== undefined) lookedUp.value = { id, isRight: secret.passed, detail: secret.detail }
}

/** The list cannot be searched by id, but every token has its details. */
export function LookUp() {
  const text = useSignal('')
  const tried = useSignal('')
  const task = useTask(async () => {
    tried.value = text.peek()
    await lookUp(text.peek())
    text.value = ''
  })
  const error = text.value === tried.value ? task.error : undefined
  return (
    <form
      class="find"
      noValidate
      autocomplete="off"
      onSubmit={(event) => {
        event.preventDefault()
        if (text.peek().trim() !== '') void task.start()
      }}
    >
      <Field label="Look up" errors={error === undefined ? [] : [wordsFor(error)]}>
        {(control) => (
          <input
            {...control}
            type="text"
            placeholder="Id, or a whole token"
            spellcheck={false}
            value={text.value}
            onInput={(event) => {
              text.value = event.currentTarget.value
            }}
          />
        )}
      </Field>
      <button type="submit" class="button" aria-disabled={task.isBusy}>
        Open
      </button>
    </form>
  )
}

function wordsFor(error: ApiError): string {
  return error.status === 404 ? 'No token has this id or secret. Names are not looked up.' : adviceOf(error)
}
