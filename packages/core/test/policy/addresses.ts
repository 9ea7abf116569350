import fc from 'fast-check'

/** Writers and generators of addresses that share no code with the product. */

export function writeIPv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.')
}

/** All eight groups, in full. */
export function writeIPv6(value: bigint): string {
  const hex = value.toString(16).padStart(32, '0')
  return (hex.match(/.{4}/g) ?? []).join(':')
}

export const ipv4 = fc.nat(0xffff_ffff)
export const ipv6 = fc.bigInt(0n, (1n << 128n) - 1n).filter((value) => value >> 32n !== 0xffffn)

/** An IPv4 block, and an address in or near it: one that differs from its first in the tail and at most one more bit. */
export const ipv4BlockAndNeighbour = fc
  .record({ base: ipv4, prefix: fc.nat(32), tail: ipv4, flip: fc.option(fc.nat(31)) })
  .map(({ base, prefix, tail, flip }) => {
    const hosts = 2 ** (32 - prefix) - 1
    const first = base - (base % (hosts + 1))
    const inside = first + (tail % (hosts + 1))
    return { block: `${writeIPv4(first)}/${prefix}`, address: flip === null ? inside : (inside ^ (1 << flip)) >>> 0 }
  })

export const ipv6BlockAndNeighbour = fc
  .record({ base: ipv6, prefix: fc.nat(128), tail: ipv6, flip: fc.option(fc.nat(127)) })
  .map(({ base, prefix, tail, flip }) => {
    const hosts = (1n << BigInt(128 - prefix)) - 1n
    const first = base & ~hosts
    const inside = first | (tail & hosts)
    return { block: `${writeIPv6(first)}/${prefix}`, address: flip === null ? inside : inside ^ (1n << BigInt(flip)) }
  })
  .filter(({ block, address }) => address >> 32n !== 0xffffn && !block.startsWith('0000:0000:0000:0000:0000:ffff:'))

/** Some spelling of an IPv6 value: case, leading zeros, one run of zero groups folded, the end dotted. */
export function spellIPv6(
  value: bigint,
  style: { upper: boolean; pad: boolean; fold: boolean; dotted: boolean },
): string {
  let groups = writeIPv6(value).split(':')
  if (!style.pad) groups = groups.map((group) => group.replace(/^0{1,3}/, ''))
  const dotted = style.dotted ? [writeIPv4(Number(value & 0xffff_ffffn))] : []
  const head = style.dotted ? groups.slice(0, 6) : groups
  const zero = style.pad ? '0000' : '0'
  const from = head.indexOf(zero)
  let text = [...head, ...dotted].join(':')
  if (style.fold && from >= 0) {
    let to = from
    while (head[to] === zero) to++
    text = `${head.slice(0, from).join(':')}::${[...head.slice(to), ...dotted].join(':')}`
  }
  return style.upper ? text.toUpperCase() : text
}
