import { useSignal } from '@preact/signals'
import { type ApiError, call } from './api'
import { Field } from './form'
import { lookedUp, openToken } from './state'
import type { Token } from './types'
import { adviceOf, useTask } from './ui'
import { openedId } from './view'

/** An id, or a token with its secret, anywhere in a text: a header, a line of a log. */
const TOKEN_IN_TEXT = /([a-z][a-z0-9]{1,15}\.[A-Z2-7]{24})(\.[A-Z2-7]{64})?/

/** How the routes name the token that a text is about. What is no id may be the key of another system. */
export function tokenIn(text: string): { readonly id: string } | { readonly token: string } {
  const [token, id, secret] = TOKEN_IN_TEXT.exec(text) ?? []
  if (id === undefined || token === undefined) return { token: text.trim() }
  return secret === undefined ? { id } : { token }
}

/** Shows the details of the token that a text is about. What is known of its secret, the details say. */
export async function lookUp(text: string): Promise<void> {
  const named = tokenIn(text)
  if ('id' in named) return openToken(named.id)
  const [, id] = TOKEN_IN_TEXT.exec(text) ?? []
  if (id !== undefined) await openToken(id)
  else {
    const token = await call<Token>('POST', '/lookup', named)
    await openToken(token.id, token)
  }
  lookedUp.value = { id: openedId.peek(), token: named.token }
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
