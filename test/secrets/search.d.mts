export interface Trace {
  readonly token: string
  readonly form: 'part' | 'hex' | 'base64' | 'digest'
  /** Where in the text it begins. */
  readonly index: number
}

export function searchFor(tokens: readonly string[]): (text: string) => readonly Trace[]
export function tokensIn(text: string): readonly string[]
export function sealed(body: string): string
