import type { Admission } from './guard.js'

const given = new Set<string>()

/** Whether the client's address decided about this request. */
export function restrictsAddress(admission: Admission): boolean {
  return admission.ok ? admission.token.networks.length > 0 : admission.denial.reason === 'network'
}

/**
 * Warns, once per process, that a restricted token was judged by an address which its sender may choose freely:
 * `setting` is the framework's setting that makes it so.
 */
export function warnForgeableAddress(setting: string): void {
  if (given.has(setting)) return
  given.add(setting)
  process.emitWarning(
    `With ${setting} the client address is whatever the client writes into X-Forwarded-For, so the CIDR blocks of ` +
      'tokens keep nobody out. Name the proxies that are to be trusted instead.',
    { type: 'LatchkeyWarning', code: 'LATCHKEY_FORGEABLE_ADDRESS' },
  )
}
