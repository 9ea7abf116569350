import type { Prover } from '../secret/prover.js'
import type { EnvironmentStore } from '../store/token-store.js'
import type { ForeignFormats } from '../token/foreign.js'
import type { TokenFormat } from '../token/format.js'
import type { ManagementScopes } from '../types.js'
import type { ForeignIds } from '../verify/identify.js'
import type { Loader } from '../verify/loader.js'
import type { Verifier } from '../verify/verifier.js'
import type { Audit } from './audit.js'
import type { PageQueue } from './page-queue.js'
import type { InputSchemas } from './schemas.js'

/** What every use case works with. */
export interface ManageContext {
  readonly environment: string
  readonly store: () => Promise<EnvironmentStore>
  readonly format: TokenFormat
  readonly foreign: ForeignFormats
  readonly foreignIds: ForeignIds
  readonly prover: Prover
  readonly loader: Loader
  readonly verifier: Verifier
  readonly schemas: InputSchemas
  readonly audit: Audit
  readonly pages: PageQueue
  /** The ids of the tokens that are being rotated: one rotation at a time each. */
  readonly rotations: Set<string>
  readonly managementScopes: ManagementScopes
  /** The scopes that can be granted. `undefined`: every scope. */
  readonly declaredScopes: readonly string[] | undefined
  /** The same with their descriptions. */
  readonly describedScopes: ReadonlyMap<string, string> | undefined
  /** The host's clock, in epoch milliseconds. */
  readonly now: () => number
  /** The longest time from now to a token's expiry, in milliseconds. */
  readonly maxLifetime: number | undefined
  /** The longest overlap of a rotation, in milliseconds. */
  readonly maxOverlap: number
  /** How many tokens an owner may have when a caller creates another. */
  readonly maxTokensPerOwner: number | undefined
}
