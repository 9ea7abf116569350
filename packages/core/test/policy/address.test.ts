import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatAddress, readAddress, readIPv4 } from '../../src/policy/address.js'
import { ipv4, spellIPv6, writeIPv4, writeIPv6 } from './addresses.js'

describe('readIPv4', () => {
  test('reads every value, plain and mapped', () => {
    fc.assert(
      fc.property(ipv4, fc.constantFrom('', '::ffff:', '::FFFF:', '::fFfF:'), (value, prefix) => {
        expect(readIPv4(prefix + writeIPv4(value))).toBe(value)
      }),
    )
  })

  test('takes exactly what Node takes for IPv4', () => {
    const octet = fc.oneof(
      fc.nat(300).map(String),
      fc.constantFrom('', '0', '00', '01', '010', '0x1', ' 1', '+1', '1e1', '٣'),
    )
    const text = fc.array(octet, { minLength: 3, maxLength: 5 }).map((octets) => octets.join('.'))
    fc.assert(
      fc.property(text, (text) => {
        expect(readIPv4(text) >= 0).toBe(isIPv4(text))
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    '',
    '.',
    '...',
    '1.2.3',
    '1.2.3.',
    '.1.2.3',
    '1..2.3',
    '1.2.3.4.',
    '1.2.3.4.5',
    '256.0.0.1',
    '::ffff:',
    ':ffff:1.2.3.4',
    '::fffe:1.2.3.4',
    '::ffff:1.2.3',
    '::ffff:01.2.3.4',
    '::ffff:1.2.3.4%eth0',
    '1.2.3.4\n',
    '1.2.3.4\0',
    '1.2.3.4/32',
  ])('refuses %j', (text) => {
    expect(readIPv4(text)).toBe(-1)
  })
})

describe('readAddress', () => {
  const value = fc.bigInt(0n, (1n << 128n) - 1n)
  const sparse = fc
    .array(fc.constantFrom<bigint[]>(0n, 0n, 1n, 0xffffn, 0xa0bn), { minLength: 8, maxLength: 8 })
    .map((groups) => groups.reduce((sum, group) => (sum << 16n) | group, 0n))
  const mapped = ipv4.map((low) => (0xffffn << 32n) | BigInt(low))
  const style = fc.record({ upper: fc.boolean(), pad: fc.boolean(), fold: fc.boolean(), dotted: fc.boolean() })

  test('reads every spelling of IPv6 as the same value, mapped ones as IPv4', () => {
    fc.assert(
      fc.property(fc.oneof(value, sparse, mapped), style, (value, style) => {
        const text = spellIPv6(value, style)
        expect(isIPv6(text)).toBe(true)
        const expected = value >> 32n === 0xffffn ? { family: 4, value: value & 0xffff_ffffn } : { family: 6, value }
        expect(readAddress(text)).toEqual(expected)
      }),
      { numRuns: 2000 },
    )
  })

  test('formats to a text that reads as the same address', () => {
    fc.assert(
      fc.property(fc.oneof(value, sparse, mapped), (value) => {
        const address = readAddress(writeIPv6(value))
        expect(address && readAddress(formatAddress(address))).toEqual(address)
      }),
    )
  })

  test('an IPv4-compatible or NAT64 address is no IPv4 address', () => {
    expect(readAddress('::10.0.0.1')).toEqual({ family: 6, value: 0x0a00_0001n })
    expect(readAddress('64:ff9b::10.0.0.1')?.family).toBe(6)
    expect(readAddress('::ffff:0:10.0.0.1')?.family).toBe(6)
  })

  test('drops a zone id from link-local addresses only', () => {
    expect(readAddress('fe80::1%eth0')).toEqual(readAddress('fe80::1'))
    expect(readAddress('FE80::1%4')).toEqual(readAddress('fe80::1'))
    for (const text of [
      '2001:db8::1%eth0',
      '::1%lo',
      '::ffff:a00:1%eth0',
      '::ffff:10.0.0.1%eth0',
      'fe80::1%',
      'fe80::1%a%b',
      '10.0.0.1%eth0',
    ]) {
      expect(readAddress(text), text).toBeUndefined()
    }
  })

  test.each([
    '',
    ':',
    ':::',
    '1',
    '::1::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '::12345',
    '::g',
    '[::1]',
    ' ::1',
    '::1 ',
    '::1/128',
    '::ffff:010.0.0.1',
    '::ffff:0x0a.0.0.1',
    '0:0:0:0:0:ffff:10.0.0.01',
    '::ffff:10.1',
    '10.1',
    '0x0a000001',
    '167772161',
    '012.0.0.1',
    'localhost',
    `fe80::1%${'a'.repeat(100)}`,
    ':'.repeat(100_000),
  ])('refuses %j', (text) => {
    expect(readAddress(text)).toBeUndefined()
  })

  test('survives any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789abcdefF:.%x/ \0') }), (text) => {
        const address = readAddress(text)
        expect(address === undefined || isIPv4(text) || isIPv6(text)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})
