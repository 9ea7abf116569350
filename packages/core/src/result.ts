/** What a parser returns: the value, or a sentence that says what is wrong and where. Parsers never throw. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string }

export function ok<T>(value: T): Result<T> {
  return { ok: true, value }
}

export function err(error: string): { readonly ok: false; readonly error: string } {
  return { ok: false, error }
}
