/** What a pure parser answers: the value, or a sentence that names what is wrong and where. Never an exception. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string }

export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value }
}

export function problem(text: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem: text }
}
