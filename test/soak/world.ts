import type { Random } from '@latchkey/testkit'
import type { FaultLog } from './fault-log.js'
import type { History } from './history.js'
import type { NodeClock } from './node-clock.js'
import type { NodeProcess } from './node-process.js'
import type { Tally } from './tally.js'

export interface SoakNode {
  readonly index: number
  readonly process: NodeProcess
  readonly clock: NodeClock
}

/** A token of the soak, with all that is known of it. */
export interface Tracked {
  readonly id: string
  readonly history: History
  /** Every whole token that it ever had, newest last. */
  readonly tokens: string[]
  /** A write is under way: the next one waits for it. */
  writing: boolean
  /** Nobody knows what a write did: from here on it is only revoked. */
  uncertain: boolean
  /** When its removal was acknowledged. */
  removedAt: number | undefined
}

/** What traffic, faults and judgement share. */
export interface World {
  readonly nodes: readonly SoakNode[]
  readonly tokens: Set<Tracked>
  readonly faults: FaultLog
  readonly tally: Tally
  readonly random: Random
}
