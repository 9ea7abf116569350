import { useSignal } from '@preact/signals'
import { type ApiError, call } from './api'
import { Field, Form, TextInput } from './form'
import { status } from './session'
import { lookedUp, openToken } from './state'
import type { Token } from './types'
import { adviceOf, useTask } from './ui'
import { openedId } from './view'

/** An id, or a token with its secret, anywhere in a text: a header, a line of a log. */
const TOKEN_IN_TEXT = /([a-z][a-z0-9]{1,15}\.[A-Z2-7]{24})(\.[A-Z2-7]{64})?/

/** The id, and the whole token, that a text is about. What has no id may be the key of another system. */
function tokenIn(text: string): { readonly id?: string | undefined; readonly token?: string | undefined } {
  const [found, id, secret] = TOKEN_IN_TEXT.exec(text) ?? []
  if (id === undefined) return { token: text.trim() }
  return { id, token: secret === undefined ? undefined : found }
}

/** How the routes are told which token a text is about. */
export function namedIn(text: string): { readonly id?: string | undefined } | { readonly token: string } {
  const { id, token } = tokenIn(text)
  return token === undefined ? { id } : { token }
}

/** Shows the details of the token that a text is about. What is known of its secret, the details say. */
export async function lookUp(text: string): Promise<void> {
  const { id, token } = tokenIn(text)
  if (id !== undefined) return show(id, token)
  const known = await call<Token>('POST', '/lookup', { token })
  // Meanwhile nobody may be signed in any more.
  if (status.peek() === 'signed-in') await show(known.id, token, known)
}

async function show(id: string, token: string | undefined, known?: Token): Promise<void> {
  await openToken(id, known)
  // Meanwhile another token may have been opened, or none be open any more.
  if (token !== undefined && openedId.peek() === id) lookedUp.value = { id, token }
}

/** The list cannot be searched by id, but every token has its details. */
export function LookUp() {
  const text = useSignal('')
  const task = useTask(async () => {
    await lookUp(text.peek())
    text.value = ''
  })
  const { error } = task
  return (
    <Form
      class="find"
      error={error}
      onSubmit={() => {
        if (text.peek().trim() !== '') void task.start()
      }}
    >
      <Field label="Look up" errors={error === undefined ? [] : [wordsFor(error)]}>
        {(control) => <TextInput {...control} placeholder="Id, or a whole token" value={text} />}
      </Field>
      <button type="submit" class="button" aria-disabled={task.isBusy}>
        Open
      </button>
    </Form>
  )
}

function wordsFor(error: ApiError): string {
  return error.status === 404 ? 'No token has this id or secret. Names are not looked up.' : adviceOf(error)
}
