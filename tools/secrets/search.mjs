import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const CHECKSUM_LENGTH = 7

/** What stands behind the id and its dot. */
const secretOf = (token) => token.slice(token.lastIndexOf('.') + 1)
const hex = (text) => Buffer.from(text).toString('hex')
const digest = (text) => createHash('sha256').update(text).digest('hex')

/** How a secret may show: which runs of letters to look through, the length of a piece, and the pieces of a token. */
const FORMS = [
  {
    // In whatever case: any 31 letters in a row hold one of these, as do the last 23.
    name: 'part',
    runs: /[A-Z2-7]{16,}/gi,
    length: 16,
    pieces: (token) => [0, 16, 32, 41].map((from) => secretOf(token).slice(from, from + 16)),
    normal: (run) => run.toUpperCase(),
  },
  {
    name: 'hex',
    runs: /[0-9a-f]{32,}/gi,
    length: 32,
    pieces: (token) => [0, 16, 32, 41].map((from) => hex(secretOf(token).slice(from, from + 16))),
    normal: (run) => run.toLowerCase(),
  },
  {
    // Wherever in a text the secret begins, one of these begins at a third letter.
    name: 'base64',
    runs: /[A-Za-z0-9+/]{40,}/g,
    length: 40,
    pieces: (token) => [0, 1, 2].map((from) => Buffer.from(secretOf(token).slice(from, from + 30)).toString('base64')),
    normal: (run) => run,
  },
  {
    name: 'digest',
    runs: /[0-9a-f]{64,}/gi,
    length: 64,
    pieces: (token) => [digest(token), digest(secretOf(token))],
    normal: (run) => run.toLowerCase(),
  },
]

/**
 * A search for what there is of the secrets of these tokens in a text: a good part of one in whatever case, in hex or
 * base64, or the whole digest that would stand for it. Its time grows with the text, not with the number of tokens.
 */
export function searchFor(tokens) {
  const forms = FORMS.map((form) => ({
    ...form,
    owners: new Map(tokens.flatMap((token) => form.pieces(token).map((piece) => [piece, token]))),
  }))
  return (text) => {
    const traces = new Map()
    for (const { name, runs, length, normal, owners } of forms) {
      for (const { 0: found, index } of text.matchAll(runs)) {
        const run = normal(found)
        for (let at = 0; at + length <= run.length; at++) {
          const token = owners.get(run.slice(at, at + length))
          if (token !== undefined && !traces.has(name + token))
            traces.set(name + token, { token, form: name, index: index + at })
        }
      }
    }
    return [...traces.values()]
  }
}

/** Every text that is a token by its shape and checksum, whoever made it. */
export function tokensIn(text) {
  const shaped = text.match(/(?<![a-z0-9])[a-z][a-z0-9]{1,15}\.[A-Z2-7]{24}\.[A-Z2-7]{64}(?![A-Z2-7])/g) ?? []
  return shaped.filter((token) => token === sealed(token.slice(0, -CHECKSUM_LENGTH)))
}

/** A token from all of it but the checksum. */
export function sealed(body) {
  const crc = crc32(body)
  return body + [30, 25, 20, 15, 10, 5, 0].map((shift) => LETTERS[(crc >>> shift) & 31]).join('')
}
