import type { Span } from './time.js'

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
