import { type Random, randomInt } from '@latchkey/testkit'
import type { Crowd } from './crowd.js'
import type { FaultLog } from './judge.js'
import type { History, NodeClock } from './model.js'
import type { NodeProcess } from './node-process.js'
import type { Framework } from './protocol.js'

export interface SoakNode {
  readonly index: number
  readonly framework: Framework
  readonly process: NodeProcess
  readonly clock: NodeClock
  /** The clients of its HTTP server. */
  readonly crowd: Crowd
}

/** What the clients of the HTTP servers hold. The model knows none of these tokens. */
export interface ClientTokens {
  /** Of different owners, because pages are bounded for each owner. They may read all tokens. */
  readonly readers: readonly string[]
  /** May change tokens. */
  readonly writer: string
  /** The ids of tokens that the writer may rotate. */
  readonly targets: readonly string[]
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
  /** The node that is never killed, so that a slow leak has the whole run to show itself. */
  readonly lasting: SoakNode
  readonly tokens: Set<Tracked>
  readonly clientTokens: ClientTokens
  readonly faults: FaultLog
  readonly tally: Tally
  readonly random: Random
}

/** What happened, in numbers; and whatever should not have. */
export class Tally {
  readonly verifications: Record<string, number> = {}
  readonly writes: Record<string, number> = {}
  /** Writes that were certainly not made, by what the node said. */
  readonly refused: Record<string, number> = {}
  /** What the clients of the HTTP servers did. */
  readonly clients: Record<string, number> = {}
  /** The statuses of the answers that clients waited for. */
  readonly answers: Record<string, number> = {}
  /** Verifications without a verdict, and whether anything was broken at that time. */
  readonly unavailable = { inFaults: 0, otherwise: 0 }
  /** Writes of which nobody knows whether they were made. */
  uncertain = 0
  /** Verdicts that were right by the bound, though changes should have come sooner. */
  late = 0
  wrong = 0
  /** The first of the wrong, in detail. */
  readonly details: string[] = []

  count(of: 'verifications' | 'writes' | 'refused' | 'clients' | 'answers', name: string): void {
    this[of][name] = (this[of][name] ?? 0) + 1
  }

  fault(detail: unknown): void {
    this.wrong++
    if (this.details.length < 10) this.details.push(JSON.stringify(detail))
  }
}

/** A whole number of both bounds and between. */
export function between(least: number, most: number, random: Random): number {
  return least + randomInt(most - least + 1, random)
}

/** One of the items, as often as its weight says. */
export function weighted<T>(items: readonly (readonly [weight: number, item: T])[], random: Random): T {
  let left = random() * items.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, item] of items) {
    left -= weight
    if (left < 0) return item
  }
  throw new RangeError('There is nothing to choose from')
}
