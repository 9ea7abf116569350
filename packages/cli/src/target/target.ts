import type { Caller, Latchkey, TokenStore } from '@latchkey/core'
import type { Server } from './server.js'

/** What a command works on. */
export interface Target {
  readonly latchkey: Latchkey
  /** Absent if the host's configuration does not export it. */
  readonly store: TokenStore | undefined
  /** What `--store` names, where it names a server. */
  readonly server: Server | undefined
  /** Whether it is the host's own instance, which knows the host's scopes, hasher and pepper. */
  readonly isHosts: boolean
  /** The operator, as the audit names it. */
  readonly caller: Caller
  close(): Promise<void>
}
