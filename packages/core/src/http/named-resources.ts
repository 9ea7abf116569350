import { quoted } from '../errors.js'
import { isStringList } from '../option-checks.js'
import type { ResourceOf } from './options.js'

const NONE: readonly string[] = Object.freeze([])

/** The functions that were warned of. */
const warned = new WeakSet<object>()

/**
 * The resources that the host's function names. A mistake of it is none of the request's sender: it names none then,
 * which lets nobody in, and is warned of once.
 */
export function namedResources<HostRequest>(
  resource: ResourceOf<HostRequest>,
  hostRequest: HostRequest,
): readonly string[] {
  let named: unknown
  try {
    named = resource(hostRequest)
  } catch {
    warn(resource, 'threw an error')
    return NONE
  }
  if (typeof named === 'string') return [named]
  if (isStringList(named)) return named
  if (named === undefined) return NONE
  // The rejection of an async function must not end the process.
  if (named instanceof Promise) named.catch(() => undefined)
  warn(resource, `returned ${named instanceof Promise ? 'a promise' : quoted(named)}`)
  return NONE
}

function warn(resource: object, mistake: string): void {
  if (warned.has(resource)) return
  warned.add(resource)
  process.emitWarning(
    `The option resource of a guard ${mistake}, so the request was refused. It must return a resource, a list of ` +
      'resources, or undefined.',
    { type: 'LatchkeyWarning', code: 'LATCHKEY_RESOURCE' },
  )
}
