import { detached } from '../detached.js'
import { quoted } from '../errors.js'
import { err, ok, type Result } from '../result.js'
import { type Address, clientAddress, formatAddress, readAddress, readIPv4 } from './address.js'

/** A range of addresses that one CIDR block covers, both ends included. */
export interface Block {
  readonly family: 4 | 6
  readonly first: bigint
  readonly last: bigint
  /** One text per range: two blocks are the same if and only if these are equal. */
  readonly canonical: string
}

/** The compiled CIDR blocks of a token or caller. */
export interface Networks {
  /** Whether there are blocks at all. If not, every address is allowed. */
  readonly restricted: boolean
  /**
   * Whether a client's address lies in one of the blocks. Without blocks: always, even without an address. With blocks:
   * never for `undefined` and for text that is not a strictly written address.
   */
  readonly allows: (ip: string | undefined) => boolean
}

const MAX_LENGTH = 64
const PREFIX_LENGTH = /^(?:0|[1-9][0-9]{0,2})$/
const EXAMPLE = 'such as 192.0.2.0/24 or 2001:db8::/32'

/**
 * Reads a CIDR block. Validated: strict address forms (see `readAddress`), no zone id, a prefix length without leading
 * zeros, no host bits set. IPv4-mapped blocks are IPv4 blocks: `::ffff:10.0.0.0/104` is `10.0.0.0/8`. A mapped address
 * with a prefix below 96 always has host bits set, so it is refused; wider IPv6 blocks, `::/0` included, never cover
 * IPv4.
 */
export function parseBlock(text: unknown): Result<Block> {
  if (typeof text !== 'string') return err(`A CIDR block must be a string, ${EXAMPLE}.`)
  if (text.length > MAX_LENGTH) return err(`A CIDR block has at most ${MAX_LENGTH} characters.`)
  const slash = text.indexOf('/')
  const written = slash < 0 ? text : text.slice(0, slash)
  const address = written.includes('%') ? undefined : readAddress(written)
  if (address === undefined) {
    return err(
      `Not a CIDR block in its full form without leading zeros or a zone, ${EXAMPLE}. Read was ${quoted(text)}.`,
    )
  }
  // Mapped addresses are written with the prefix lengths of IPv6.
  const longest = written.includes(':') ? 128 : 32
  if (slash < 0) return err(`A CIDR block needs a prefix length; for this one address write ${text}/${longest}.`)
  const length = text.slice(slash + 1)
  if (!PREFIX_LENGTH.test(length) || Number(length) > longest) {
    return err(`The prefix length must be 0 to ${longest}, in digits without leading zeros. Read was ${quoted(text)}.`)
  }
  return toBlock(address, longest - Number(length))
}

function toBlock(address: Address, hostBits: number): Result<Block> {
  const { family, value } = address
  const bits = family === 4 ? 32 : 128
  if (hostBits > bits) return err('A block of IPv4-mapped addresses needs a prefix length of at least 96.')
  const hosts = (1n << BigInt(hostBits)) - 1n
  const first = value & ~hosts
  const canonical = `${formatAddress({ family, value: first })}/${bits - hostBits}`
  if (first !== value) return err(`The address has bits set behind the prefix; the network is ${canonical}.`)
  return ok({ family, first, last: first | hosts, canonical })
}

/** Whether every address of `inner` is one of `outer`. */
export function contains(outer: Block, inner: Block): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last
}

const MAX_REMEMBERED = 16
const ANYWHERE: Networks = { restricted: false, allows: () => true }

/**
 * Compiles a record's blocks for matching. No blocks: everything is allowed. A block that does not parse covers
 * nothing, and still counts as a restriction. IPv4 and `::ffff:a.b.c.d` are matched without allocation; for other
 * spellings the results of up to 16 addresses are remembered.
 */
export function compileNetworks(blocks: readonly string[]): Networks {
  if (blocks.length === 0) return ANYWHERE
  const valid = blocks.map(parseBlock).flatMap((block) => (block.ok ? [block.value] : []))
  const ipv4 = disjoint(valid.filter((block) => block.family === 4))
  const ipv6 = disjoint(valid.filter((block) => block.family === 6))
  const firsts = ipv4.map((block) => Number(block.first))
  const lasts = ipv4.map((block) => Number(block.last))
  const remembered = new Map<string, boolean>()

  function allows(ip: string | undefined): boolean {
    if (typeof ip !== 'string') return false
    const value = readIPv4(ip)
    if (value >= 0) return inRanges(firsts, lasts, value)
    return remembered.get(ip) ?? match(ip)
  }

  function match(ip: string): boolean {
    const address = clientAddress(ip)
    if (address === undefined) return false
    const { family, value } = address
    const allowed =
      family === 4
        ? inRanges(firsts, lasts, Number(value))
        : ipv6.some((block) => block.first <= value && value <= block.last)
    if (remembered.size === MAX_REMEMBERED) remembered.clear()
    remembered.set(detached(ip), allowed)
    return allowed
  }

  return { restricted: true, allows }
}

/** The blocks in ascending order, without those that lie inside another: CIDR blocks nest or are disjoint. */
function disjoint(blocks: readonly Block[]): readonly Block[] {
  const ascending = blocks.toSorted((a, b) => Number(a.first - b.first) || Number(b.last - a.last))
  const kept: Block[] = []
  for (const block of ascending) {
    const previous = kept.at(-1)
    if (previous === undefined || !contains(previous, block)) kept.push(block)
  }
  return kept
}

/** Whether `value` is in one of the ascending, disjoint ranges: binary search for the last that begins at or below. */
function inRanges(firsts: readonly number[], lasts: readonly number[], value: number): boolean {
  let low = 0
  let high = firsts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((firsts[middle] ?? 0) <= value) low = middle + 1
    else high = middle
  }
  return low > 0 && value <= (lasts[low - 1] ?? -1)
}
