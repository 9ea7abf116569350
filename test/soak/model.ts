import type { Outcome, Span } from './protocol.js'

/** What is true of a token between two writes. */
export interface State {
  readonly exists: boolean
  readonly enabled: boolean
  readonly expiresAt: number | undefined
  readonly scopes: readonly string[]
  /** Whole tokens: the current one, and the previous one during an overlap. */
  readonly secrets: readonly { readonly token: string; readonly until?: number }[]
}

export const ABSENT: State = { exists: false, enabled: false, expiresAt: undefined, scopes: [], secrets: [] }

/** What a verification must say that sees this state while its clock runs between two readings. */
export function outcomes(state: State, token: string, scopes: readonly string[], from: number, to: number): Outcome[] {
  const ends = [state.expiresAt, ...state.secrets.map(({ until }) => until)]
  const within = ends.filter((end): end is number => end !== undefined && from < end && end <= to)
  return [from, ...within].map((now) => outcome(state, token, scopes, now))
}

function outcome(state: State, token: string, scopes: readonly string[], now: number): Outcome {
  if (!state.exists) return 'unknown'
  const secret = state.secrets.find((candidate) => candidate.token === token)
  if (secret === undefined || (secret.until !== undefined && now >= secret.until)) return 'wrong_secret'
  if (!state.enabled) return 'disabled'
  if (state.expiresAt !== undefined && now >= state.expiresAt) return 'expired'
  return scopes.every((scope) => state.scopes.includes(scope)) ? 'in' : 'scope'
}

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

/** What the clock of one node may have said when. */
export class NodeClock {
  readonly #epoch: number
  readonly #steps: { readonly offset: number; readonly begun: number; ended: number }[] = [
    { offset: 0, begun: 0, ended: 0 },
  ]

  constructor(epoch: number) {
    this.#epoch = epoch
  }

  /** The clock is being set; call what is returned when it has been. */
  step(offset: number, begun: number): (ended: number) => void {
    const step = { offset, begun, ended: Number.POSITIVE_INFINITY }
    this.#steps.push(step)
    return (ended) => {
      step.ended = ended
    }
  }

  get offset(): number {
    return this.#steps.at(-1)?.offset ?? 0
  }

  now(at: number): number {
    return Math.floor(this.#epoch + at) + this.offset
  }

  /** Its readings within a span, one range for each setting that it may have had. */
  readings({ from, to }: Span): Span[] {
    const over = this.#steps.findLastIndex(({ ended }) => ended < from)
    return this.#steps
      .filter(({ begun }, i) => i >= over && begun <= to)
      .map(({ offset }) => ({
        from: Math.floor(this.#epoch + from) + offset,
        to: Math.floor(this.#epoch + to) + offset,
      }))
  }
}
