import type { FaultLog } from './fault-log.js'
import type { History } from './history.js'
import type { NodeClock } from './node-clock.js'
import { type Outcome, TTL } from './protocol.js'
import { outcomes } from './state.js'
import type { Span } from './time.js'

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
