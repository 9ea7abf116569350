import { type Caller, type OnAudit, StoreError, type TokenStore } from '@latchkey/core'
import { createGuard, type GuardedRequest } from '@latchkey/core/adapter'
import { type HostLatchkey, hostTokens } from './tokens.js'

/** Anybody can name an environment in the path, so their number is bounded. */
const MAX_ENVIRONMENTS = 100
const NAME = /^[a-z][a-z0-9-]{0,29}$/

/** One instance per environment, created on first use. */
export interface Environments {
  /** `undefined` if the name is invalid, or if there are too many environments. */
  instance(name: string): HostLatchkey | undefined
  /**
   * Lets the holder of a host token with the scope `*` manage the tokens of every environment. For everybody else it
   * returns `undefined`: then the tokens of the environment decide.
   */
  authorize(request: GuardedRequest): Promise<Caller | undefined>
  /** Those created so far. */
  instances(): readonly HostLatchkey[]
}

export function hostEnvironments(store: TokenStore, main: HostLatchkey, onAudit?: OnAudit): Environments {
  const instances = new Map<string, HostLatchkey>()
  const guard = createGuard({ resource: 'any' })
  return {
    instance(name) {
      const known = instances.get(name)
      if (known !== undefined) return known
      if (!NAME.test(name) || instances.size >= MAX_ENVIRONMENTS) return undefined
      const created = hostTokens(store, onAudit, `e-${name}`)
      instances.set(name, created)
      return created
    },
    async authorize(request) {
      const admission = await guard(main, request)
      // An outage must not look like a caller without rights.
      if (!admission.ok && admission.denial.reason === 'unavailable') {
        throw new StoreError('ERR_STORE', "The host's own tokens cannot be checked at the moment")
      }
      const token = admission.ok ? admission.token : undefined
      if (token === undefined || token.personal || !token.scopes.includes('*')) return undefined
      const { id, owner, scopes, networks, resources, expiresAt } = token
      return { id, owner, scopes, networks, resources, expiresAt, assignOwner: true }
    },
    instances: () => [...instances.values()],
  }
}
