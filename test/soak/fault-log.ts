import { overlaps, type Span } from './time.js'

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
