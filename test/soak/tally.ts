/** What happened, in numbers; and whatever should not have. */
export class Tally {
  readonly verifications: Record<string, number> = {}
  readonly writes: Record<string, number> = {}
  /** Writes that were certainly not made, by what the node said. */
  readonly refused: Record<string, number> = {}
  /** Verifications without a verdict, and whether anything was broken at that time. */
  readonly unavailable = { inFaults: 0, otherwise: 0 }
  /** Writes of which nobody knows whether they were made. */
  uncertain = 0
  /** Verdicts that were right by the bound, though changes should have come sooner. */
  late = 0
  wrong = 0
  /** The first of the wrong, in detail. */
  readonly details: string[] = []

  count(of: 'verifications' | 'writes' | 'refused', name: string): void {
    this[of][name] = (this[of][name] ?? 0) + 1
  }

  fault(detail: unknown): void {
    this.wrong++
    if (this.details.length < 10) this.details.push(JSON.stringify(detail))
  }
}
