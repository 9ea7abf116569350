import { ABSENT, type State } from './state.js'
import type { Span } from './time.js'

/** One write, and what was true of the token after it. */
export interface Write {
  readonly what: string
  state: State
  /** Which node was asked; `undefined` if none is known to have done it. */
  node: number | undefined
  readonly begun: number
  /** When it was acknowledged; never, while it runs or if nobody knows whether it was done. */
  ended: number
}

/** All writes of one token, one after the other. */
export class History {
  readonly writes: Write[] = [{ what: 'nothing', state: ABSENT, node: undefined, begun: 0, ended: 0 }]

  begin(what: string, node: number | undefined, state: State, begun: number): Write {
    const write: Write = { what, state, node, begun, ended: Number.POSITIVE_INFINITY }
    this.writes.push(write)
    return write
  }

  /** It is certain that it was not done. */
  undo(write: Write): void {
    this.writes.splice(this.writes.indexOf(write), 1)
  }

  get latest(): State {
    return this.writes.at(-1)?.state ?? ABSENT
  }

  /**
   * What a node may take for true in answering a request of that time. A write hides all before it: at once on the node
   * that made it, after `bound` ms on others.
   */
  visible(node: number, { from, to }: Span, bound: number): State[] {
    const hidden = this.writes.findLastIndex((write) => write.ended + (write.node === node ? 0 : bound) < from)
    return this.writes.filter((write, i) => i >= hidden && write.begun <= to).map(({ state }) => state)
  }
}
