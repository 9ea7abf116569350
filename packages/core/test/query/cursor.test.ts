import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openCursor, sealCursor } from '../../src/query/cursor.js'
import { parseSelector } from '../../src/query/selector.js'

const SEAL = { sealingKey: new Uint8Array(32).fill(7), dataset: '1f0c4f5e-3a52-4a58-9a0c-5b3f4d8f9a11' }
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const REFUSED = { ok: false, error: 'is not a key that this list gave out, or was altered' }

const json = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' }), { maxKeys: 5 })

test('what was sealed comes back, unicode included, as text that needs no encoding in a query', () => {
  fc.assert(
    fc.property(json, (payload) => {
      const text = sealCursor(payload, SEAL)
      expect(text).toMatch(/^[A-Za-z0-9_-]+$/)
      expect(openCursor(text, SEAL)).toEqual({ ok: true, value: JSON.parse(JSON.stringify(payload)) })
    }),
  )
  const payload = { next: 'Ж😀\u0000"\\', filter: { owner: '\ud83d' }, from: 253_402_300_799_999 }
  expect(openCursor(sealCursor(payload, SEAL), SEAL)).toEqual({ ok: true, value: payload })
})

test('every change of one character is refused, for every length modulo 3', () => {
  for (const next of ['', 'x', 'xx']) {
    const text = sealCursor({ next }, SEAL)
    for (let at = 0; at < text.length; at++) {
      for (const char of `${ALPHABET}+/= \n`) {
        if (char === text[at]) continue
        expect(openCursor(text.slice(0, at) + char + text.slice(at + 1), SEAL)).toEqual(REFUSED)
      }
    }
  }
})

test('characters taken away, put in, swapped or added around are refused', () => {
  const char = fc.constantFrom(...ALPHABET, '=', ' ', '\n', '+', '/', '%', '\u0000', 'é')
  fc.assert(
    fc.property(
      json,
      fc.nat(),
      fc.nat({ max: 3 }),
      fc.string({ unit: char, maxLength: 3 }),
      (payload, n, drop, put) => {
        const text = sealCursor(payload, SEAL)
        const at = n % (text.length + 1)
        const altered = text.slice(0, at) + put + text.slice(at + drop)
        fc.pre(altered !== text)
        expect(openCursor(altered, SEAL)).toEqual(REFUSED)
      },
    ),
    { numRuns: 1000 },
  )
  const text = sealCursor({ next: 'x' }, SEAL)
  for (const altered of [`${text}=`, `${text}==`, `${text}\n`, ` ${text}`, text + text, '']) {
    expect(openCursor(altered, SEAL)).toEqual(REFUSED)
  }
})

test('another key, another data set and another purpose of the key are refused', () => {
  const text = sealCursor({ next: 'x' }, SEAL)
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.string(), (sealingKey, dataset) => {
      fc.pre(dataset !== SEAL.dataset && sealingKey.some((byte) => byte !== 7))
      expect(openCursor(text, { ...SEAL, sealingKey })).toEqual(REFUSED)
      expect(openCursor(text, { ...SEAL, dataset })).toEqual(REFUSED)
    }),
  )
  const body = Buffer.from('{"next":"x"}')
  const bare = createHmac('sha256', SEAL.sealingKey).update(body).digest()
  expect(openCursor(Buffer.concat([Buffer.of(1), bare, body]).toString('base64url'), SEAL)).toEqual(REFUSED)
})

test('an unknown version is refused, though sealed with the right key', () => {
  const bytes = Buffer.from(sealCursor({ next: 'x' }, SEAL), 'base64url')
  const body = bytes.subarray(33)
  const label = JSON.stringify(['latchkey cursor', 2, SEAL.dataset])
  const tag = createHmac('sha256', SEAL.sealingKey).update(`${label}\n`).update(body).digest()
  expect(openCursor(Buffer.concat([Buffer.of(2), tag, body]).toString('base64url'), SEAL)).toEqual(REFUSED)
})

test('a cursor of the largest selector fits, whatever is in it; anything longer than 16 KiB is refused', () => {
  const selection = parseSelector(`owner("${'\\'.repeat(3991)}")`)
  if (!selection.ok) throw new Error(selection.error)
  const payload = { next: 'x'.repeat(2000), filter: selection.value, fields: ['id', 'name'], total: 1_000_000 }
  expect(openCursor(sealCursor(payload, SEAL), SEAL)).toEqual({ ok: true, value: payload })
  expect(openCursor(sealCursor({ next: 'x'.repeat(20_000) }, SEAL), SEAL)).toEqual(REFUSED)
})

test('never throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), fc.stringMatching(/^AQ[\w-]{44,80}$/)),
      (text) => {
        expect(openCursor(text, SEAL)).toEqual(REFUSED)
      },
    ),
    { numRuns: 1000 },
  )
})
