export interface Found {
  /** Of the token. */
  readonly id: string
  readonly form: string
  readonly place: string
  readonly index: number
}

export function searchFolder(folder: string): {
  readonly issued: number
  readonly processes: number
  readonly files: number
  readonly bytes: number
  readonly told: ReadonlyMap<string, number>
  readonly found: readonly Found[]
}
