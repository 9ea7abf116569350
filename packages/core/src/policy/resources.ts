import { quoted } from '../errors.js'
import { err, ok, type Result } from '../result.js'

/** The compiled resources of a token or caller. */
export interface ResourceSet {
  /** Whether there are resources at all. If not, every resource is covered. */
  readonly restricted: boolean
  /** Whether the resource, plain or itself a wildcard, is covered. The grammar of `resource` is not checked. */
  readonly covers: (resource: string) => boolean
  /** Whether this is a plain resource that is covered. */
  readonly allows: (resource: string) => boolean
}

const MAX_LENGTH = 200
const EXAMPLE = 'such as project:17 or project:*'

/** `undefined` and `null` are what a mistake writes: `project:${undefined}`. */
const PLAIN = /^[A-Za-z0-9_.-]+:(?!(?:undefined|null)$)[!-)+-~]+$/
const WILDCARD = /^[A-Za-z0-9_.-]+:\*$/

/**
 * Reads a resource as a token may hold it: `type:id`, or `type:*` for all of a type; at most 200 characters. A type is
 * made of letters, digits, `_`, `.` and `-`. An id is made of visible ASCII characters other than `*`, and is neither
 * `undefined` nor `null`. Upper and lower case differ.
 */
export function parseResource(text: unknown): Result<string> {
  if (typeof text !== 'string') return err(`A resource must be a string, ${EXAMPLE}, not ${quoted(text)}.`)
  if (text.length > MAX_LENGTH) return err(`A resource has at most ${MAX_LENGTH} characters.`)
  if (PLAIN.test(text) || WILDCARD.test(text)) return ok(text)
  const rule = 'a type of letters, digits, "_", "." and "-", a colon, and an id of visible ASCII characters, or "*"'
  return err(`A resource is ${rule}, ${EXAMPLE}. Read was ${quoted(text)}.`)
}

/** Whether this is one resource, as routes name them: of the grammar, and no wildcard. */
export function isPlainResource(text: unknown): text is string {
  return typeof text === 'string' && text.length <= MAX_LENGTH && PLAIN.test(text)
}

const EVERYTHING: ResourceSet = { restricted: false, covers: () => true, allows: isPlainResource }

/**
 * Compiles granted resources. None: everything is covered. `project:*` covers `project:17` and itself. Text outside the
 * grammar covers nothing, and still counts as a restriction.
 */
export function compileResources(granted: readonly string[]): ResourceSet {
  if (granted.length === 0) return EVERYTHING
  const valid = granted.filter((resource) => parseResource(resource).ok)
  const literal = new Set(valid)
  const types = new Set(valid.filter((resource) => resource.endsWith(':*')).map(typeOf))

  function covers(resource: string): boolean {
    return literal.has(resource) || (types.size > 0 && types.has(typeOf(resource)))
  }

  const plain = new Set(valid.filter(isPlainResource))

  // What the token holds literally was read when it was compiled.
  function allows(resource: string): boolean {
    return plain.has(resource) || (types.size > 0 && isPlainResource(resource) && covers(resource))
  }

  return { restricted: true, covers, allows }
}

function typeOf(resource: string): string {
  return resource.slice(0, resource.indexOf(':'))
}

/**
 * Whether a token with these resources may be used for what is asked: plain resources, at least one, all of which it
 * must cover; or `any`. A token without resources may be used where nothing is asked too.
 */
export function mayUse(held: ResourceSet, asked: readonly string[] | 'any' | undefined): boolean {
  if (asked === 'any') return true
  if (asked === undefined) return !held.restricted
  if (asked.length === 0) return false
  for (const resource of asked) if (!held.allows(resource)) return false
  return true
}
