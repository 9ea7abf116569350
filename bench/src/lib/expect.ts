/** A benchmark of something that does not do its work would be worthless. */
export function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`Not so in this benchmark: ${what}`)
}
