import { optionError } from '../errors.js'

/**
 * The path that a router is mounted at, as the client knows it: the path that was sent, less the rest that frameworks
 * leave to the router. Routers within routers and apps within apps have each taken a part of it away. `target`: the
 * request's target as it came. `fallback`: the mount if the host has rewritten the path.
 */
export function mountOf(target: string, rest: string, fallback: string): string {
  const [sent] = splitTarget(target)
  const left = rest === '/' && !sent.endsWith('/') ? '' : rest
  return sent.endsWith(left) ? sent.slice(0, sent.length - left.length) : fallback
}

/** Path and query of a request's target, which may begin with an origin (RFC 9112 §3.2) and end with a fragment. */
export function splitTarget(target: string): [path: string, search: string] {
  const [, path = '', search = ''] = TARGET.exec(target) ?? []
  return [path, search]
}

const TARGET = /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?/i

/** Empty, or segments that each begin with a slash. */
const MOUNT = /^(?:\/[^/?#]+)*$/

/**
 * Refuses the path of a mount that no request could have. It is compared with what clients send, so it must be written
 * as they send it. `option`: its name. Throws a `TypeError` (`ERR_OPTION`).
 */
export function assertMount(option: string, path: string): void {
  if (typeof path !== 'string' || !MOUNT.test(path)) {
    throw optionError(option, 'must look like /api/tokens, without a slash at its end')
  }
  const sent = path === '' ? '' : new URL(path, 'http://host').pathname
  if (sent !== path) throw optionError(option, `can never match, since clients send it as ${sent}`)
}
