import type { Admission } from './guard.js'

const warned = new Set<string>()

/**
 * Warns, once per process and setting, if the client's address decided about a request although its sender may choose that
 * address freely. `setting`: the framework's setting that makes it so, for instance "Express's `trust proxy: true`".
 */
export function warnForgeableAddress(admission: Admission, setting: string): void {
  const decided = admission.ok ? admission.token.networks.length > 0 : admission.denial.reason === 'network'
  if (!decided || warned.has(setting)) return
  warned.add(setting)
  process.emitWarning(
    `With ${setting} the client address is whatever the client writes into X-Forwarded-For, so the CIDR blocks of ` +
      'tokens keep nobody out. Name the proxies that are to be trusted instead.',
    { type: 'LatchkeyWarning', code: 'LATCHKEY_FORGEABLE_ADDRESS' },
  )
}
