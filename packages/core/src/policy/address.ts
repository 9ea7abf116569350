import { isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'

/** An address as a number. IPv4-mapped IPv6 addresses are IPv4 (family 4) in every spelling. */
export interface Address {
  readonly family: 4 | 6
  readonly value: bigint
}

const MAX_LENGTH = 64
const WITH_PORT = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/
const MAPPED_PREFIX_LENGTH = '::ffff:'.length

/**
 * Reads an address, strictly: no leading zeros in octets, no short, octal or hex IPv4 forms. `undefined` for anything
 * else. A zone id is dropped from link-local addresses, where Node puts one (`fe80::1%eth0`) and no CIDR block can
 * name it; on any other address it makes the text unreadable.
 */
export function readAddress(text: string): Address | undefined {
  const ipv4 = readIPv4(text)
  if (ipv4 >= 0) return { family: 4, value: BigInt(ipv4) }
  // ipaddr.js alone takes more than the strict forms, so Node's grammar stands in front of it.
  if (text.length > MAX_LENGTH || !isIPv6(text)) return undefined
  const groups = withoutDots(text)
  if (groups === undefined || !ipaddr.IPv6.isValid(groups)) return undefined
  const ip = ipaddr.IPv6.parse(groups)
  if (groups.includes('%') && ip.range() !== 'linkLocal') return undefined
  const value = ip.parts.reduce((sum, part) => (sum << 16n) | BigInt(part), 0n)
  return value >> 32n === 0xffffn ? { family: 4, value: value & 0xffff_ffffn } : { family: 6, value }
}

/** Spells a dotted ending in hex groups: ipaddr.js takes `::10.0.0.1` for a mapped address, which it is not. */
function withoutDots(ipv6: string): string | undefined {
  if (!ipv6.includes('.')) return ipv6
  const end = ipv6.lastIndexOf(':') + 1
  const ipv4 = readIPv4(ipv6.slice(end))
  if (ipv4 < 0) return undefined
  return `${ipv6.slice(0, end)}${(ipv4 >>> 16).toString(16)}:${(ipv4 & 0xffff).toString(16)}`
}

/**
 * The value of `a.b.c.d` or `::ffff:a.b.c.d`, else -1. This runs for every request of a restricted token, and
 * dual-stack sockets always give the second form, so it works on character codes and allocates nothing.
 */
export function readIPv4(text: string): number {
  const start = isMapped(text) ? MAPPED_PREFIX_LENGTH : 0
  if (text.length - start > 15) return -1
  let value = 0
  let dots = 0
  let octet = -1
  for (let i = start; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit >= 0 && digit <= 9) {
      if (octet === 0) return -1 // a leading zero, which some read as octal
      octet = octet < 0 ? digit : octet * 10 + digit
      if (octet > 255) return -1
    } else {
      if (digit !== -2 || octet < 0 || dots === 3) return -1
      value = value * 256 + octet
      octet = -1
      dots++
    }
  }
  return dots === 3 && octet >= 0 ? value * 256 + octet : -1
}

/** Whether the text begins with `::ffff:`, in any case. */
function isMapped(text: string): boolean {
  return (
    text.charCodeAt(0) === 58 &&
    text.charCodeAt(1) === 58 &&
    isF(text, 2) &&
    isF(text, 3) &&
    isF(text, 4) &&
    isF(text, 5) &&
    text.charCodeAt(6) === 58
  )
}

function isF(text: string, index: number): boolean {
  return (text.charCodeAt(index) | 0x20) === 0x66
}

/** Reads an address as a framework gives it: as `readAddress` does, and without the port that some proxies append. */
export function clientAddress(text: string | undefined): Address | undefined {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return undefined
  return readAddress(text) ?? readAddress(withoutPort(text))
}

/**
 * The canonical text of a client's address, made anew: dotted decimal for IPv4 and IPv4-mapped addresses, else RFC
 * 5952. `undefined` for whatever is no address.
 */
export function normalAddress(text: string | undefined): string | undefined {
  const address = clientAddress(text)
  return address && formatAddress(address)
}

function withoutPort(text: string): string {
  const [, ipv6, ipv4] = WITH_PORT.exec(text) ?? []
  return ipv6 ?? ipv4 ?? text
}

/** The usual text of an address: dotted decimal, or RFC 5952 for IPv6. */
export function formatAddress(address: Address): string {
  const width = address.family === 4 ? 4 : 16
  const bytes = Array.from({ length: width }, (_, i) => Number((address.value >> BigInt(8 * (width - 1 - i))) & 0xffn))
  return ipaddr.fromByteArray(bytes).toString()
}
