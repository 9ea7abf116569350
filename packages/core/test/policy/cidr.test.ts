import { BlockList } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Block, compileNetworks, contains, parseBlock } from '../../src/policy/cidr.js'
import { ipv4, ipv4BlockAndNeighbour, ipv6BlockAndNeighbour, writeIPv4, writeIPv6 } from './addresses.js'

function block(text: string): Block {
  const read = parseBlock(text)
  if (!read.ok) throw new Error(`${text}: ${read.error}`)
  return read.value
}

describe('parseBlock', () => {
  test.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['255.255.255.255/32', '255.255.255.255/32'],
    ['::/0', '::/0'],
    ['::1/128', '::1/128'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['2001:0db8:0:0:0:0:0:0/32', '2001:db8::/32'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['::FFFF:a00:0/104', '10.0.0.0/8'],
    ['0:0:0:0:0:ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['::ffff:0:0/96', '0.0.0.0/0'],
    ['::ffff:1.2.3.4/128', '1.2.3.4/32'],
    ['::10.0.0.0/104', '::a00:0/104'],
    ['::/80', '::/80'],
  ])('%s is %s', (text, canonical) => {
    expect(block(text).canonical).toBe(canonical)
  })

  test.each([
    ['10.0.0.1', 'write 10.0.0.1/32'],
    ['2001:db8::1', 'write 2001:db8::1/128'],
    ['::ffff:10.0.0.1', 'write ::ffff:10.0.0.1/128'],
    ['10.0.0.1/8', 'the network is 10.0.0.0/8'],
    ['2001:db8::1/32', 'the network is 2001:db8::/32'],
    ['::ffff:10.0.0.1/104', 'the network is 10.0.0.0/8'],
    ['::ffff:0:0/90', 'at least 96'],
    ['::ffff:0:0/0', 'at least 96'],
    ['10.0.0.0/08', 'The prefix length'],
    ['10.0.0.0/33', 'must be 0 to 32'],
    ['::/129', 'must be 0 to 128'],
    ['10.0.0.0/', 'The prefix length'],
    ['10.0.0.0/-1', 'The prefix length'],
    ['10.0.0.0/+8', 'The prefix length'],
    ['10.0.0.0/8.0', 'The prefix length'],
    ['10.0.0.0/255.0.0.0', 'The prefix length'],
    ['10.0.0.0/8/8', 'The prefix length'],
    ['10.0.0.0/8 ', 'The prefix length'],
    ['10.0.0.0/8\n', 'The prefix length'],
    [' 10.0.0.0/8', 'Not a CIDR block'],
    ['010.0.0.0/8', 'Not a CIDR block'],
    ['10/8', 'Not a CIDR block'],
    ['10.0/16', 'Not a CIDR block'],
    ['0x0a.0.0.0/8', 'Not a CIDR block'],
    ['167772160/8', 'Not a CIDR block'],
    ['256.0.0.0/8', 'Not a CIDR block'],
    ['::ffff:010.0.0.0/104', 'Not a CIDR block'],
    ['fe80::%eth0/10', 'Not a CIDR block'],
    ['/8', 'Not a CIDR block'],
    ['', 'Not a CIDR block'],
    ['*', 'Not a CIDR block'],
    ['localhost/8', 'Not a CIDR block'],
    [`10.0.0.0/${'0'.repeat(100_000)}8`, 'at most 64'],
  ])('refuses %s', (text, part) => {
    const read = parseBlock(text)
    expect(read.ok ? read.value : read.error).toContain(part)
  })

  test.each([[undefined], [null], [8], [['10.0.0.0/8']], [{ $ne: null }], [Object('10.0.0.0/8')]])(
    'refuses %j, which is no string',
    (value) => {
      expect(parseBlock(value)).toMatchObject({ ok: false, error: expect.stringContaining('must be a string') })
    },
  )

  test('a canonical text reads as the same block', () => {
    const any = fc.oneof(ipv4BlockAndNeighbour, ipv6BlockAndNeighbour)
    fc.assert(
      fc.property(any, (sample) => {
        const read = block(sample.block)
        expect(block(read.canonical)).toEqual(read)
      }),
    )
  })
})

describe('contains', () => {
  test('families do not contain each other', () => {
    expect(contains(block('::/0'), block('10.0.0.0/8'))).toBe(false)
    expect(contains(block('::/0'), block('::ffff:10.0.0.0/104'))).toBe(false)
    expect(contains(block('0.0.0.0/0'), block('::/128'))).toBe(false)
    expect(contains(block('0.0.0.0/0'), block('::ffff:10.0.0.0/104'))).toBe(true)
  })

  test('is true exactly if the first and the last address of the inner block are allowed by the outer one', () => {
    const related = fc.tuple(ipv4, fc.nat(32), fc.nat(32), fc.nat(31)).map(([base, one, other, bit]) => {
      const cut = (value: number, prefix: number) => value - (value % 2 ** (32 - prefix))
      return [
        `${writeIPv4(cut(base, one))}/${one}`,
        `${writeIPv4(cut((base ^ (1 << bit)) >>> 0, other))}/${other}`,
      ] as const
    })
    fc.assert(
      fc.property(related, ([outer, inner]) => {
        const { first, last } = block(inner)
        const list = nodeList('ipv4', [outer])
        const expected = [first, last].every((address) => list.check(writeIPv4(Number(address)), 'ipv4'))
        expect(contains(block(outer), block(inner))).toBe(expected)
      }),
      { numRuns: 1000 },
    )
  })

  test('what a contained block allows, the containing one allows', () => {
    const outers = ['0.0.0.0/0', '::/0', '8.0.0.0/5', '2000::/3', '::/1']
    fc.assert(
      fc.property(
        fc.constantFrom(...outers),
        fc.oneof(ipv4BlockAndNeighbour, ipv6BlockAndNeighbour),
        (outer, sample) => {
          const ip = typeof sample.address === 'number' ? writeIPv4(sample.address) : writeIPv6(sample.address)
          const vacuous = !contains(block(outer), block(sample.block)) || !compileNetworks([sample.block]).allows(ip)
          expect(vacuous || compileNetworks([outer]).allows(ip)).toBe(true)
        },
      ),
      { numRuns: 1000 },
    )
  })
})

function nodeList(family: 'ipv4' | 'ipv6', blocks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const text of blocks) {
    const [address = '', prefix] = text.split('/')
    list.addSubnet(address, Number(prefix), family)
  }
  return list
}

describe('compileNetworks', () => {
  test('no blocks allow everything, no address too', () => {
    const networks = compileNetworks([])
    for (const ip of [undefined, '', 'junk', '10.0.0.1', '::1']) expect(networks.allows(ip)).toBe(true)
  })

  test('blocks refuse whatever is no address', () => {
    const networks = compileNetworks(['0.0.0.0/0', '::/0'])
    const junk: readonly unknown[] = [
      undefined,
      null,
      '',
      'unknown',
      '010.0.0.1',
      '10.1',
      '0x0a.0.0.1',
      '10.0.0.1:80:80',
      '10.0.0.1:',
      '010.0.0.1:80',
      '2001:db8::1:80:1:2:3:4:5',
      '10.0.0.1, 10.0.0.2',
      167772161,
      ['10.0.0.1'],
    ]
    for (const ip of junk) expect(networks.allows(ip as string), String(ip)).toBe(false)
    expect(networks.allows('10.0.0.1')).toBe(true)
    expect(networks.allows('10.0.0.1:51234')).toBe(true)
    expect(networks.allows('[2001:db8::1]:51234')).toBe(true)
    expect(networks.allows('2001:db8::1')).toBe(true)
  })

  test('::/0 covers IPv6 only, 0.0.0.0/0 IPv4 only', () => {
    for (const ip of ['10.0.0.1', '::ffff:10.0.0.1', '::ffff:a00:1']) {
      expect(compileNetworks(['::/0']).allows(ip)).toBe(false)
      expect(compileNetworks(['0.0.0.0/0']).allows(ip)).toBe(true)
      expect(compileNetworks(['::ffff:0:0/96']).allows(ip)).toBe(true)
    }
    expect(compileNetworks(['::/0']).allows('::1')).toBe(true)
    expect(compileNetworks(['0.0.0.0/0']).allows('::1')).toBe(false)
  })

  test('every spelling of a mapped address counts as IPv4', () => {
    const networks = compileNetworks(['10.0.0.0/8'])
    for (const ip of [
      '::ffff:10.0.0.1',
      '::FFFF:10.0.0.1',
      '::ffff:a00:1',
      '0:0:0:0:0:ffff:0a00:0001',
      '0:0:0:0:0:FFFF:10.0.0.1',
    ]) {
      expect(networks.allows(ip), ip).toBe(true)
      expect(compileNetworks(['11.0.0.0/8']).allows(ip), ip).toBe(false)
    }
    expect(networks.allows('::10.0.0.1')).toBe(false)
  })

  test('a link-local client is matched without its zone', () => {
    expect(compileNetworks(['fe80::/64']).allows('fe80::1%eth0')).toBe(true)
    expect(compileNetworks(['fe80::/64']).allows('fe80:1::1%eth0')).toBe(false)
  })

  test('a stored block that does not parse covers nothing and keeps the restriction', () => {
    for (const broken of ['', '10/8', '010.0.0.0/8', '10.0.0.1/8', '*', '10.0.0.1']) {
      const networks = compileNetworks([broken])
      for (const ip of ['10.0.0.1', '8.0.0.1', '0.0.0.10', '::1', undefined]) expect(networks.allows(ip)).toBe(false)
      expect(compileNetworks([broken, '11.0.0.0/8']).allows('11.0.0.1')).toBe(true)
    }
  })

  test('equal, nested and adjacent blocks in any order', () => {
    const networks = compileNetworks([
      '10.1.0.0/16',
      '10.0.0.0/8',
      '10.0.0.0/8',
      '10.0.0.0/16',
      '11.0.0.0/8',
      '10.255.255.255/32',
      '9.0.0.0/32',
    ])
    expect(['9.0.0.0', '10.0.0.0', '10.255.255.255', '11.255.255.255'].every(networks.allows)).toBe(true)
    expect(['8.255.255.255', '9.0.0.1', '12.0.0.0'].some(networks.allows)).toBe(false)
  })

  test('answers alike however many addresses came between', () => {
    const networks = compileNetworks(['2001:db8::/32'])
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 50; i++) {
        expect(networks.allows(`2001:db8::${i.toString(16)}`)).toBe(true)
        expect(networks.allows(`2001:db9::${i.toString(16)}`)).toBe(false)
      }
    }
  })

  test('agrees with net.BlockList on IPv4 and mapped addresses', () => {
    fc.assert(
      fc.property(fc.array(ipv4BlockAndNeighbour, { minLength: 1, maxLength: 8 }), (samples) => {
        const blocks = samples.map((sample) => sample.block)
        const networks = compileNetworks(blocks)
        const list = nodeList('ipv4', blocks)
        for (const { address } of samples) {
          const ip = writeIPv4(address)
          expect(networks.allows(ip), ip).toBe(list.check(ip, 'ipv4'))
          expect(networks.allows(`::ffff:${ip}`), ip).toBe(list.check(`::ffff:${ip}`, 'ipv6'))
          expect(networks.allows(writeIPv6((0xffffn << 32n) | BigInt(address))), ip).toBe(list.check(ip, 'ipv4'))
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('agrees with net.BlockList on mapped blocks', () => {
    fc.assert(
      fc.property(ipv4BlockAndNeighbour, ({ block, address }) => {
        const [first, prefix] = block.split('/')
        const ip = writeIPv4(address)
        const networks = compileNetworks([`::ffff:${first}/${Number(prefix) + 96}`])
        expect(networks.allows(ip)).toBe(nodeList('ipv4', [block]).check(ip, 'ipv4'))
      }),
      { numRuns: 500 },
    )
  })

  test('agrees with net.BlockList on IPv6', () => {
    fc.assert(
      fc.property(fc.array(ipv6BlockAndNeighbour, { minLength: 1, maxLength: 8 }), (samples) => {
        const blocks = samples.map((sample) => sample.block)
        const networks = compileNetworks(blocks)
        const list = nodeList('ipv6', blocks)
        for (const { address } of samples) {
          const ip = writeIPv6(address)
          expect(networks.allows(ip), ip).toBe(list.check(ip, 'ipv6'))
          expect(networks.allows(ip), `${ip}, remembered`).toBe(list.check(ip, 'ipv6'))
        }
      }),
      { numRuns: 1000 },
    )
  })
})
