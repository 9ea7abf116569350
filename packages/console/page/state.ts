import { batch, effect, signal } from '@preact/signals'
import { type ApiError, asApiError, call } from './api'
import { addToken, forgetList, reload, removeToken, replaceToken } from './list'
import { capabilities, ownId, renewCredential, restoreCredential, signOut, status } from './session'
import type { IssuedToken, Token } from './types'
import { openedId, resetView, setOpenedId } from './view'

/** The dialog on the screen. It stays, with what was typed into it, through a sign-in in between. */
export type DialogState =
  | { readonly kind: 'create' | 'revoke' | 'explain' }
  | { readonly kind: 'edit' | 'rotate' | 'delete'; readonly token: Token }

interface LookedUp {
  readonly id: string
  /** The whole token, or the key of another system. */
  readonly token: string
}

export const dialog = signal<DialogState | undefined>(undefined)
/** A secret that is shown this once. */
export const issued = signal<IssuedToken | undefined>(undefined)
/** The token whose details are shown, as it was last read. */
export const details = signal<Token | undefined>(undefined)
export const detailsError = signal<ApiError | undefined>(undefined)
/** The whole token that was looked up, while its details are shown. */
export const lookedUp = signal<LookedUp | undefined>(undefined)
/** What was done, for the eye and for screen readers. */
export const announcement = signal('')

export function announce(sentence: string): void {
  announcement.value = sentence
}

/** Shows the details of a token, as it is known, and then as it is now. */
export async function openToken(id: string, known?: Token): Promise<void> {
  if (known !== undefined || details.peek()?.id !== id) details.value = known
  detailsError.value = undefined
  lookedUp.value = undefined
  setOpenedId(id)
  await refreshDetails()
}

export function closeToken(): void {
  details.value = undefined
  detailsError.value = undefined
  lookedUp.value = undefined
  setOpenedId('')
}

/** Reads the token of the details again. What fails stands in `detailsError`. */
export async function refreshDetails(): Promise<void> {
  const id = openedId.peek()
  try {
    const token = await call<Token>('GET', pathOf(id))
    if (openedId.peek() === id) show(token)
  } catch (error) {
    if (openedId.peek() === id) failDetails(id, error)
  }
}

export function failDetails(id: string, error: unknown): void {
  const problem = asApiError(error)
  detailsError.value = problem
  if (problem.status === 404) removeToken(id)
}

/** What somebody else did first is shown: the row of a token that is gone goes, another token is read again. */
async function orShow<T>(id: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    const problem = asApiError(error)
    if (problem.status === 404) removeToken(id)
    if (problem.wasLate && openedId.peek() === id) await refreshDetails()
    throw error
  }
}

function pathOf(id: string, rest = ''): string {
  return `/${encodeURIComponent(id)}${rest}`
}

function show(token: Token): void {
  batch(() => {
    replaceToken(token)
    if (openedId.peek() === token.id) {
      details.value = token
      detailsError.value = undefined
    }
  })
}

export async function createToken(input: object): Promise<void> {
  const token = await call<IssuedToken>('POST', '', input)
  batch(() => {
    dialog.value = undefined
    issued.value = token
    addToken(withoutSecret(token))
  })
}

export async function changeToken(id: string, patch: object): Promise<void> {
  show(await orShow(id, call<Token>('PATCH', pathOf(id), patch)))
}

/** Reads a token, and shows it as it is now. */
export async function readToken(id: string): Promise<Token> {
  const token = await orShow(id, call<Token>('GET', pathOf(id)))
  show(token)
  return token
}

export async function rotateToken(id: string, input: object): Promise<void> {
  const token = await orShow(id, call<IssuedToken>('POST', pathOf(id, '/rotate'), input))
  if (id === ownId.peek()) renewCredential(token.token)
  batch(() => {
    dialog.value = undefined
    issued.value = token
    show(withoutSecret(token))
  })
}

export async function endRotation(id: string, step: 'finish' | 'cancel'): Promise<void> {
  const token = await orShow(id, call<Token>('POST', pathOf(id, `/rotate/${step}`), {}))
  if (step === 'cancel' && id === ownId.peek()) restoreCredential()
  show(token)
}

/** Only as `self` may a token delete itself. What somebody else deleted first is as good as deleted. */
export async function deleteToken(id: string): Promise<void> {
  const isOwn = id === ownId.peek()
  await call('DELETE', isOwn ? '/self' : pathOf(id)).catch((error: unknown) => {
    if (asApiError(error).status !== 404) throw error
  })
  if (isOwn) return leave()
  batch(() => {
    dialog.value = undefined
    removeToken(id)
    if (openedId.peek() === id) closeToken()
  })
}

/** Signs out and forgets all that was shown and typed. */
export function leave(): void {
  batch(() => {
    signOut()
    dialog.value = undefined
    issued.value = undefined
    announcement.value = ''
    closeToken()
    resetView()
    forgetList()
  })
}

export function refreshAll(): void {
  void reload()
  if (openedId.peek() !== '') void refreshDetails()
}

/** What may be done to a token, as far as it is known. The routes decide. */
export function mayAct({ id, owner }: Token): {
  readonly change: boolean
  readonly issue: boolean
  readonly own: boolean
} {
  const may = capabilities.value?.may
  const own = id === ownId.value
  const change = may?.write === true
  return { own, change, issue: own || (change && (may.admin || owner === capabilities.value?.owner)) }
}

function withoutSecret({ token: _, ...rest }: IssuedToken): Token {
  return rest
}

// Details that a link names, and those of before a sign-in in between.
effect(() => {
  if (status.value === 'signed-in' && openedId.peek() !== '') void refreshDetails()
  if (status.value === 'signed-out') details.value = undefined
})
