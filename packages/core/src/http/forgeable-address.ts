/** What decides whether a client's address is one that the client chose. */
export interface AddressSource {
  /**
   * The framework's setting that lets clients choose their address, for a warning: "Express's `trust proxy`".
   * `undefined`: none does. Asked only where an address decides.
   */
  readonly forgeableBy?: (() => string | undefined) | undefined
}

const warned = new Set<string>()

/** Warns, once per process and setting, that an address decided although its sender may choose it freely. */
export function warnForgeableAddress(source: AddressSource): void {
  const setting = source.forgeableBy?.()
  if (setting === undefined || warned.has(setting)) return
  warned.add(setting)
  process.emitWarning(
    `With ${setting} the client address is whatever the client writes into X-Forwarded-For, so the CIDR blocks of ` +
      'tokens keep nobody out. Name the proxies that are to be trusted instead.',
    { type: 'LatchkeyWarning', code: 'LATCHKEY_FORGEABLE_ADDRESS' },
  )
}

/** Decides whether an address, this many hops from this machine, belongs to a proxy that is believed. */
export type TrustFunction = (address: string, hop: number) => boolean

/** Public addresses, by family: no proxy of a host has all of them. */
const STRANGERS = [
  ['1.1.1.1', '8.8.8.8', '140.82.112.3', '192.0.2.1', '198.51.100.1', '203.0.113.1'],
  ['2001:db8::1', '2606:4700::1111', '2a00:1450::1'],
]
const MAX_HOPS = 10
const known = new WeakMap<TrustFunction, boolean>()

/**
 * Whether a trust function, as proxy-addr compiles one from a framework's setting, believes whatever a client writes:
 * it trusts every IPv4 or every IPv6 address at each of ten hops, so the leftmost address of the list counts.
 */
export function trustsAnybody(trust: TrustFunction): boolean {
  const result = known.get(trust) ?? STRANGERS.some((addresses) => trustsAll(trust, addresses))
  known.set(trust, result)
  return result
}

function trustsAll(trust: TrustFunction, addresses: readonly string[]): boolean {
  const hops = Array.from({ length: MAX_HOPS }, (_, hop) => hop)
  return hops.every((hop) => addresses.every((address) => trust(address, hop)))
}
