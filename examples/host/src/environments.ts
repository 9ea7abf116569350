import { type Caller, StoreError, type TokenStore } from '@latchkey/core'
import { createGuard, type GuardedRequest } from '@latchkey/core/adapter'
import { type HostLatchkey, hostTokens } from './tokens.js'

/** Names come from the path, so from anybody: more instances than this are not made. */
const MOST = 100
const NAME = /^[a-z][a-z0-9-]{0,29}$/

/** One instance per environment, made when it is first asked for. */
export interface Environments {
  /** `undefined` for a name that cannot be one, or when there are too many. */
  instance(name: string): HostLatchkey | undefined
  /**
   * Who may manage the tokens of every environment: whoever holds an all-powerful token of the host itself. `undefined`
   * leaves it to the tokens of the environment.
   */
  authorize(request: GuardedRequest): Promise<Caller | undefined>
  /** Those made so far. */
  instances(): readonly HostLatchkey[]
}

export function hostEnvironments(store: TokenStore, main: HostLatchkey): Environments {
  const instances = new Map<string, HostLatchkey>()
  const guard = createGuard()
  return {
    instance(name) {
      const known = instances.get(name)
      if (known !== undefined) return known
      if (!NAME.test(name) || instances.size >= MOST) return undefined
      const made = hostTokens(store, `e-${name}`)
      instances.set(name, made)
      return made
    },
    async authorize(request) {
      const admission = await guard(main, request)
      // No verdict is not "somebody else".
      if (!admission.ok && admission.denial.reason === 'unavailable') {
        throw new StoreError('ERR_STORE', "The host's own tokens cannot be checked at the moment")
      }
      if (!admission.ok || admission.token.personal || !admission.token.scopes.includes('*')) return undefined
      const { owner, scopes, networks, expiresAt } = admission.token
      return { owner, scopes, networks, assignOwner: true, ...(expiresAt !== undefined && { expiresAt }) }
    },
    instances: () => [...instances.values()],
  }
}
