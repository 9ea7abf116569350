import { type History, type NodeClock, outcomes } from './model.js'
import { type Outcome, overlaps, type Span, TTL } from './protocol.js'

/** A change must have reached every node within so many ms, if nothing stands in its way. */
const WATCH = 1_000
/** Nodes count in whole milliseconds. */
const ROUNDING = 2

export interface Verification {
  readonly node: number
  readonly token: string
  readonly scopes: readonly string[]
  readonly span: Span
  readonly outcome: Outcome
}

/**
 * `wrong`: no state that the node may still have believed in gives this outcome. `late`: only one does that the store
 * should have told the node of by now.
 */
export type Judgement = 'right' | 'late' | 'wrong'

export function judge(verification: Verification, history: History, clock: NodeClock, faults: FaultLog): Judgement {
  const { node, span, outcome } = verification
  // Cut off for longer than the bound, a node may know nothing any more.
  if (outcome === 'in' && faults.awayThroughout({ from: span.from - TTL - ROUNDING, to: span.to })) return 'wrong'
  if (!explained(verification, history, clock, TTL + ROUNDING)) return 'wrong'
  const undisturbed = !faults.disturbed(node, { from: span.from - WATCH - TTL, to: span.to })
  return undisturbed && !explained(verification, history, clock, WATCH) ? 'late' : 'right'
}

function explained(
  { node, token, scopes, span, outcome }: Verification,
  history: History,
  clock: NodeClock,
  bound: number,
): boolean {
  return history
    .visible(node, span, bound)
    .some((state) =>
      clock.readings(span).some(({ from, to }) => outcomes(state, token, scopes, from, to).includes(outcome)),
    )
}

/** What a fault leaves behind takes so many ms to settle: connections come back, queues drain. */
const SETTLING = 2_000

/** Something that is broken for a while; times are those of `monotonic`. */
export interface Fault {
  readonly name: string
  /** The node that is hit; `undefined`: the store, for all. */
  readonly node: number | undefined
  readonly from: number
  to: number
  /** When nobody can have reached the store. */
  away: Span | undefined
}

/** When something was broken. */
export class FaultLog {
  readonly #faults: Fault[] = []

  /** It lasts until its `to` is set. */
  begin(name: string, node: number | undefined, from: number): Fault {
    const fault: Fault = { name, node, from, to: Number.POSITIVE_INFINITY, away: undefined }
    this.#faults.push(fault)
    return fault
  }

  /** Whether the node or the store was hit within the span, or not long before. */
  disturbed(node: number, { from, to }: Span): boolean {
    return this.#faults.some(
      (fault) => (fault.node ?? node) === node && overlaps({ from: fault.from, to: fault.to + SETTLING }, { from, to }),
    )
  }

  /** Whether the store was away all the time. */
  awayThroughout({ from, to }: Span): boolean {
    return this.#faults.some(({ away }) => away !== undefined && away.from < from && to < away.to)
  }

  /** How often each fault happened. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const { name } of this.#faults) counts[name] = (counts[name] ?? 0) + 1
    return counts
  }
}
