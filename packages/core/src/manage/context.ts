import type { Prover } from '../secret/prover.js'
import type { EnvironmentStore } from '../store/token-store.js'
import type { TokenFormat } from '../token/format.js'
import type { Loader } from '../verify/loader.js'
import type { Verifier } from '../verify/verifier.js'
import type { InputSchemas } from './schemas.js'

/** What every use case works with. */
export interface ManageContext {
  readonly environment: string
  readonly store: () => Promise<EnvironmentStore>
  readonly format: TokenFormat
  readonly prover: Prover
  readonly loader: Loader
  readonly verifier: Verifier
  readonly schemas: InputSchemas
  /** The host's clock, in epoch milliseconds. */
  readonly now: () => number
  /** The longest time from now to a token's expiry, in milliseconds. */
  readonly maxLifetime: number | undefined
}
