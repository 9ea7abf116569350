/** Fails the benchmark: a contender that does not do its work is not worth measuring. */
export function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`The benchmark expects that ${what}`)
}
