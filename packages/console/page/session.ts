import { computed, effect, signal } from '@preact/signals'
import { ApiError, asApiError, call, credential, refused } from './api'
import { CONFIG } from './config'
import type { Capabilities } from './types'

export type Status = 'starting' | 'signed-in' | 'signed-out'

export const status = signal<Status>('starting')
export const capabilities = signal<Capabilities | undefined>(undefined)
/** Why a sign-in failed. */
export const signInError = signal<ApiError | undefined>(undefined)
/** Whether a sign-in ended without a wish to sign out. */
export const wasCut = signal(false)

/** The id of the token that signs in; `undefined` for a sign-in of the host. */
export const ownId = computed(() => credential.value?.split('.').slice(0, 2).join('.'))

/** The own token before its rotation on this page, while that can be taken back. */
let formerCredential: string | undefined

/** A token is sent in a header, which holds visible ASCII only. */
const SENDABLE = /^[!-~]+$/

/** Signs in with a token, or, without one, by the sign-in of the host. */
export async function signIn(token: string | undefined): Promise<void> {
  const text = token?.trim()
  signInError.value = undefined
  if (text !== undefined && !SENDABLE.test(text)) {
    signInError.value = new ApiError(401, 'ERR_INVALID_TOKEN', 'This is no token.')
    return
  }
  credential.value = text
  try {
    capabilities.value = await call<Capabilities>('GET', '/capabilities')
    wasCut.value = false
    status.value = 'signed-in'
  } catch (error) {
    credential.value = undefined
    // That nobody is signed in yet is no failure.
    const problem = asApiError(error)
    if (text !== undefined || problem.status !== 401) signInError.value = problem
    status.value = 'signed-out'
  }
}

/** Forgets the token. */
export function signOut(): void {
  credential.value = undefined
  formerCredential = undefined
  refused.value = undefined
  capabilities.value = undefined
  signInError.value = undefined
  wasCut.value = false
  status.value = 'signed-out'
}

/** The token that signs in has a new secret. */
export function renewCredential(token: string): void {
  formerCredential = credential.peek()
  credential.value = token
}

/** The rotation of the token that signs in was taken back, so its former secret is right again. */
export function restoreCredential(): void {
  if (formerCredential !== undefined) credential.value = formerCredential
  formerCredential = undefined
}

/** Signs in by the link in the address, by the host's sign-in if it may have one, or not yet. */
export async function start(): Promise<void> {
  const token = takeTokenLink()
  addEventListener('hashchange', () => {
    const linked = takeTokenLink()
    if (linked !== undefined) void signIn(linked)
  })
  if (token !== undefined) return signIn(token)
  if (CONFIG.maySignIn) await signIn(undefined)
  else status.value = 'signed-out'
}

/** The token behind `#token=`, which is taken out of the address whether it is used or not. */
function takeTokenLink(): string | undefined {
  const [, text] = /^#token=(.*)$/.exec(location.hash) ?? []
  if (text === undefined) return undefined
  history.replaceState(history.state, '', location.pathname + location.search)
  return CONFIG.takesTokenLink ? decodeURIComponent(text) : undefined
}

// A refusal in the middle leads back to the sign-in.
effect(() => {
  const error = refused.value
  if (error === undefined) return
  refused.value = undefined
  if (status.peek() !== 'signed-in') return
  credential.value = undefined
  wasCut.value = true
  status.value = 'signed-out'
})
