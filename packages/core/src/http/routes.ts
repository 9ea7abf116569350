import type { Dialect, OperationName, RoutePattern } from './dialects/dialect.js'

/** What the HTTP side adds to an operation: which body it takes, and which token needs no scope for it. */
export interface OperationRoute {
  /** `self`: a token that is named as `self`; `own`: one that is named by its own id, too. */
  readonly exempt?: 'self' | 'own'
  /** `optional`: no body counts as `{}`. */
  readonly body?: 'required' | 'optional'
}

/** The operations of the management API, in every dialect. */
export const OPERATION_ROUTES: Readonly<Record<OperationName, OperationRoute>> = {
  list: {},
  create: { body: 'required' },
  lookup: { body: 'required' },
  revoke: { body: 'required' },
  revokeAll: { body: 'required' },
  explain: { body: 'required' },
  capabilities: {},
  get: { exempt: 'own' },
  update: { body: 'required' },
  delete: { exempt: 'self' },
  rotate: { exempt: 'own', body: 'optional' },
  finish: { exempt: 'own', body: 'optional' },
  cancel: { exempt: 'own', body: 'optional' },
  describe: {},
}

/** What a token may do to itself without a management scope. */
export interface SelfService {
  /** To rotate itself, and to finish and cancel that. Default `true`. */
  readonly rotate?: boolean | undefined
  /** To delete itself. Default `true`. */
  readonly delete?: boolean | undefined
}

/** Which token needs no scope for an operation, as the host configured it. */
export function exemptionOf(operation: OperationName, self: SelfService): OperationRoute['exempt'] {
  const isRotation = operation === 'rotate' || operation === 'finish' || operation === 'cancel'
  if (isRotation && self.rotate === false) return undefined
  if (operation === 'delete' && self.delete === false) return undefined
  return OPERATION_ROUTES[operation].exempt
}

/** What a path means in a dialect. */
export type RouteMatch =
  | { readonly operation: OperationName; readonly id: string }
  /** The path is known, the method is not. These methods are. */
  | { readonly allow: string }

/**
 * Finds the operation of a path; `undefined` for paths that are not ours, and for `OPTIONS`. Paths without parameters
 * win. `HEAD` is answered as `GET`. `id` is decoded, and empty where the path has none or cannot be decoded.
 */
export function matchRoute(dialect: Pick<Dialect, 'routes'>, method: string, path: string): RouteMatch | undefined {
  if (method === 'OPTIONS') return undefined
  const given = segments(path)
  const wanted = method === 'HEAD' ? 'GET' : method
  const found = Object.entries(dialect.routes)
    .map(([operation, route]) => ({ operation: operation as OperationName, route, id: matchPath(route, given) }))
    .filter((candidate) => candidate.id !== undefined)
  const fixed = found.filter(({ route }) => !route.path.includes('{id}'))
  const candidates = fixed.length > 0 ? fixed : found
  if (candidates.length === 0) return undefined
  const match = candidates.find(({ route }) => route.method === wanted)
  if (match !== undefined) return { operation: match.operation, id: match.id ?? '' }
  const methods = candidates.flatMap(({ route }) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]))
  return { allow: methods.join(', ') }
}

/** One slash at the end makes no difference. */
function segments(path: string): string[] {
  if (path === '' || path === '/') return []
  return path.replace(/^\//, '').replace(/\/$/, '').split('/')
}

/** The text in the place of `{id}` (empty if there is no such place), or `undefined` if the path is another. */
function matchPath(route: RoutePattern, given: readonly string[]): string | undefined {
  const pattern = segments(route.path)
  if (pattern.length !== given.length) return undefined
  let id = ''
  for (const [index, expected] of pattern.entries()) {
    const segment = given[index] ?? ''
    if (expected === '{id}') id = decode(segment)
    else if (expected !== segment) return undefined
  }
  return id
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return ''
  }
}
