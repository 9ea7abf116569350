import { quoted } from '../errors.js'
import { err, ok, type Result } from '../result.js'

/** The compiled scopes of a token, a caller or an owner. */
export interface ScopeSet {
  /** Whether the scope, plain or itself a wildcard, is covered. The grammar of `scope` is not checked. */
  readonly covers: (scope: string) => boolean
  /** Whether all are covered. */
  readonly coversAll: (scopes: readonly string[]) => boolean
}

const MAX_LENGTH = 100
const SCOPE = /^(?:\*|[A-Za-z0-9_:-]+(?:\.[A-Za-z0-9_:-]+)*(?:\.\*)?)$/

/** Reads a scope as a token may hold it: `segment(.segment)*`, `*`, or `p.*`; at most 100 characters of ASCII. */
export function parseScope(text: unknown): Result<string> {
  if (typeof text !== 'string') return err(`A scope must be a string, not ${quoted(text)}.`)
  if (text.length > MAX_LENGTH) return err(`A scope has at most ${MAX_LENGTH} characters.`)
  if (!SCOPE.test(text)) {
    const rule = 'made of letters, digits, "_", ":" and "-" in parts joined by "."; the last part may be "*"'
    return err(`A scope is ${rule}. Read was ${quoted(text)}.`)
  }
  return ok(text)
}

/** Whether this is a scope without a wildcard, as routes require and hosts declare them. */
export function isPlainScope(text: unknown): text is string {
  return typeof text === 'string' && parseScope(text).ok && !text.endsWith('*')
}

/**
 * Compiles granted scopes. `p.*` covers `p.q`, `p.q.r`, `p.q.*` and itself, but neither `p` nor `pX.q`; `*` covers all.
 * Any other text that ends in `*` is not a wildcard: it covers only itself.
 */
export function compileScopes(granted: readonly string[]): ScopeSet {
  const literal = new Set(granted)
  const prefixes = granted.filter((scope) => scope === '*' || scope.endsWith('.*')).map((scope) => scope.slice(0, -1))

  function covers(scope: string): boolean {
    if (literal.has(scope)) return true
    for (const prefix of prefixes) if (scope.startsWith(prefix)) return true
    return false
  }

  function coversAll(scopes: readonly string[]): boolean {
    for (const scope of scopes) if (!covers(scope)) return false
    return true
  }

  return { covers, coversAll }
}

/**
 * Whether a host that declares these (plain) scopes lets `scope` be granted: one of them, or a wildcard that covers at
 * least one. Without a declaration every scope can be granted.
 */
export function isGrantable(scope: string, declared: readonly string[] | undefined): boolean {
  return declared === undefined || declared.some(compileScopes([scope]).covers)
}
