import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CHECKSUM_LENGTH, checksum, isPrefix, parseToken, tokenFormat, tokenPattern } from '../../src/token/format.js'
import { isTokenId } from '../../src/token/id.js'

const format = tokenFormat('acme')
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const prefix = fc.stringMatching(/^[a-z][a-z0-9]{1,15}$/)

/** Whatever a caller may hand in where a text belongs. */
const NO_TEXTS = [undefined, null, 0, 1n, true, {}, [], ['acme'], Symbol('x'), () => 'acme', new String('acme'), NaN]

describe('prefix', () => {
  test.each(['lk', 'a0', 'acme', 'dt0c01', 'a'.repeat(16)])('may be %s', (text) => {
    expect(isPrefix(text)).toBe(true)
  })

  test.each(['', 'a', '0a', 'Acme', 'ac-me', 'ac_me', 'ac.me', 'acmé', ' acme', 'acme\n', 'a'.repeat(17)])(
    'may not be %j',
    (text) => {
      expect(isPrefix(text)).toBe(false)
    },
  )

  test.each(NO_TEXTS)('may not be %s', (value) => {
    expect(isPrefix(value)).toBe(false)
  })
})

describe('generate', () => {
  test('makes prefix.PUBLIC24.SECRET64, which parses to its parts', () => {
    fc.assert(
      fc.property(prefix, (name) => {
        const own = tokenFormat(name)
        const { id, secret, token } = own.generate()
        expect(token).toMatch(/^[a-z0-9]+\.[A-Z2-7]{24}\.[A-Z2-7]{64}$/)
        expect(token).toBe(`${id}.${secret}`)
        expect(token.length).toBeLessThanOrEqual(128)
        expect(own.parse(token)).toEqual({ id, secret, token })
        expect(own.accepts(id)).toBe(true)
      }),
    )
  })

  test('ends in the checksum of all that stands before it', () => {
    const { token } = format.generate()
    expect(token.slice(-7)).toBe(checksum(token.slice(0, -7)))
  })

  test('uses the whole alphabet about evenly', () => {
    const counts = new Map<string, number>()
    const tokens = 2_000
    for (let i = 0; i < tokens; i++) {
      const { token } = format.generate()
      // The 24 and 57 random characters, without the checksum.
      for (const letter of token.slice(5, 29) + token.slice(30, 87)) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    }
    const expected = (tokens * 81) / 32
    expect(new Set(counts.keys())).toEqual(new Set(ALPHABET))
    // Six standard deviations; all 32 letters together fail by chance once in 10^7 runs.
    for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(6 * Math.sqrt(expected))
  })

  test('renew keeps the id and changes the secret', () => {
    const first = format.generate()
    const second = format.renew(first.id)
    expect(second.id).toBe(first.id)
    expect(second.secret).not.toBe(first.secret)
    expect(format.parse(second.token)).toEqual({ id: first.id, secret: second.secret, token: second.token })
  })
})

describe('parse', () => {
  test('refuses a token with any one character changed', () => {
    fc.assert(
      fc.property(
        fc.nat(93),
        fc.oneof(fc.constantFrom(...ALPHABET), fc.string({ minLength: 1, maxLength: 1 })),
        (at, by) => {
          const { token } = format.generate()
          fc.pre(token[at] !== by)
          expect(format.parse(token.slice(0, at) + by + token.slice(at + 1))).toBeUndefined()
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('refuses a token with any letter in another case', () => {
    const { token } = format.generate()
    for (let at = 0; at < token.length; at++) {
      const letter = token.charAt(at)
      const other = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()
      if (other === letter) continue
      expect(format.parse(token.slice(0, at) + other + token.slice(at + 1))).toBeUndefined()
    }
  })

  test('refuses a token with two neighbours swapped', () => {
    const { token } = format.generate()
    for (let at = 0; at + 1 < token.length; at++) {
      const swapped = token.slice(0, at) + token.charAt(at + 1) + token.charAt(at) + token.slice(at + 2)
      if (swapped !== token) expect(format.parse(swapped)).toBeUndefined()
    }
  })

  test.each([
    ['nothing', () => ''],
    ['an id', ({ id }: { id: string }) => id],
    ['blanks around', ({ token }: { token: string }) => ` ${token} `],
    ['a line break behind', ({ token }: { token: string }) => `${token}\n`],
    ['a NUL behind', ({ token }: { token: string }) => `${token}\0`],
    ['a character less', ({ token }: { token: string }) => token.slice(0, -1)],
    ['a character more', ({ token }: { token: string }) => `${token}A`],
    ['a megabyte', ({ token }: { token: string }) => token + 'A'.repeat(1_000_000)],
    ['twice itself', ({ token }: { token: string }) => token + token],
  ])('refuses %s', (_, change) => {
    expect(format.parse(change(format.generate()))).toBeUndefined()
  })

  test('refuses a token of another prefix, and one whose prefix begins with this one', () => {
    for (const other of ['acmf', 'acm', 'acmee', 'lk']) {
      const { token, id } = tokenFormat(other).generate()
      expect(format.parse(token)).toBeUndefined()
      expect(format.accepts(id)).toBe(false)
      expect(parseToken(token)).toMatchObject({ id, token })
    }
  })

  test('refuses characters outside the alphabet even with the right checksum over them', () => {
    const { token } = format.generate()
    for (const bad of ['0', '1', '8', '9', 'a', '-', '\0', 'Ä']) {
      const body = token.slice(0, 40) + bad + token.slice(41, -7)
      expect(format.parse(body + checksum(body))).toBeUndefined()
    }
  })

  test.each(NO_TEXTS)('refuses %s', (value) => {
    expect(format.parse(value)).toBeUndefined()
    expect(parseToken(value)).toBeUndefined()
    expect(isTokenId(value)).toBe(false)
  })

  test('never throws and never takes what it did not make', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(format.parse(value)).toBeUndefined()
      }),
    )
  })
})

describe('accepted prefixes', () => {
  const several = tokenFormat('acme', ['old', 'acmeold'])

  test('are taken like its own, with their own ids, and no others', () => {
    for (const prefix of ['acme', 'old', 'acmeold']) {
      const issued = tokenFormat(prefix).generate()
      expect(several.hasShape(issued.token)).toBe(true)
      expect(several.parse(issued.token)).toEqual(issued)
      expect(several.accepts(issued.id)).toBe(true)
      expect(several.hasShape(`${issued.token}A`)).toBe(false)
      const renewed = several.renew(issued.id)
      expect(several.parse(renewed.token)).toEqual({ ...renewed, id: issued.id })
    }
    for (const prefix of ['acmeol', 'older', 'ol', 'oldacme']) {
      const { token, id } = tokenFormat(prefix).generate()
      expect([several.hasShape(token), several.accepts(id)]).toEqual([false, false])
      expect(several.parse(token)).toBeUndefined()
    }
  })

  test('new tokens have the first', () => {
    expect(several.generate().id).toMatch(/^acme\./)
  })
})

describe('isTokenId', () => {
  test('takes ids alone', () => {
    const { id, token } = format.generate()
    expect(isTokenId(id)).toBe(true)
    for (const bad of [
      token,
      `${id}.`,
      id.slice(0, -1),
      `${id}A`,
      id.toLowerCase(),
      id.replace('.', '-'),
      `${id.slice(0, -1)}1`,
    ]) {
      expect(isTokenId(bad)).toBe(false)
    }
  })
})

describe('tokenPattern', () => {
  test('finds every token in a text, and only those of the prefix', () => {
    const own = [format.generate().token, format.generate().token]
    const other = tokenFormat('other').generate().token
    const text = `token="${own[0]}"\nAuthorization: Bearer ${own[1]}\r\nX-API-Key: ${other}, ${own[0]?.toLowerCase()}`
    expect(text.match(tokenPattern('acme'))).toEqual(own)
    expect(text.match(tokenPattern())).toEqual([...own, other])
  })

  test('wants the whole token, not a part of a longer word', () => {
    const { token } = format.generate()
    for (const text of [`x${token}`, `${token}A`, token.slice(0, -1), token.replace('.', '-')]) {
      expect(text.match(tokenPattern('acme'))).toBeNull()
    }
  })

  test('is linear: a megabyte of near misses takes no time worth mentioning', () => {
    const nearMisses = [
      'a'.repeat(1_000_000),
      `acme.${'A'.repeat(1_000_000)}`,
      `acme.${'A'.repeat(24)}.`.repeat(30_000),
      `acme.${'A'.repeat(24)}.${'A'.repeat(63)} `.repeat(10_000),
      'acme.'.repeat(200_000),
    ]
    const started = performance.now()
    for (const text of nearMisses) {
      expect(text.match(tokenPattern())).toBeNull()
      expect(text.match(tokenPattern('acme'))).toBeNull()
    }
    expect(performance.now() - started).toBeLessThan(2_000)
  })

  test.each(['', 'A', '.*', 'a|b', '[', 'a'.repeat(17)])('refuses %j, which is no prefix', (bad) => {
    expect(() => tokenPattern(bad)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining('prefix') }),
    )
  })
})

/** CRC-32 by its definition, bit by bit: reflected polynomial 0xEDB88320. */
function crc32(text: string): number {
  let crc = 0xffffffff
  for (const byte of Buffer.from(text)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

/** 35 bits as text, cut into fives. */
function inBase32(crc: number): string {
  const bits = crc.toString(2).padStart(35, '0')
  return (bits.match(/.{5}/g) ?? []).map((five) => ALPHABET[Number.parseInt(five, 2)]).join('')
}

describe('checksum', () => {
  test.each([
    // Well-known values: the empty text, and the check value of CRC-32/ISO-HDLC.
    ['', 0x00000000, 'AAAAAAA'],
    ['123456789', 0xcbf43926, 'DF7IOJG'],
    ['a', 0xe8b7be43, 'DULPPSD'],
  ])('of %j is CRC-32, big-endian, in base32', (text, crc, expected) => {
    expect(crc32(text)).toBe(crc)
    expect(inBase32(crc)).toBe(expected)
    expect(checksum(text)).toBe(expected)
  })

  test('is that of the definition for every text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 120 }), (text) => {
        expect(checksum(text)).toBe(inBase32(crc32(text)))
        expect(checksum(text)).toHaveLength(CHECKSUM_LENGTH)
      }),
    )
  })

  test('begins with one of four letters, since its first three bits are zero', () => {
    fc.assert(fc.property(fc.string(), (text) => /^[A-D]/.test(checksum(text))))
  })
})
