import { parse as parseToml } from 'smol-toml'
import { describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import type { ForeignFormat, Scanner } from '../../src/index.js'
import { testInstance } from '../support/instance.js'

const NAMED: ForeignFormat = { name: 'named', match: /^key_[a-z0-9]{4}_[a-z0-9]{8}$/ }
const HEX: ForeignFormat = { name: 'hex', match: /^[a-f0-9]{40}$/i }
const KEY = 'key_ab12_abcd1234'
/** A literal would need a newer target of the compiler. */
const SETS = '^key_[[a-z]--[aeiou]]{20}$'

describe('redact', () => {
  const { latchkey, create } = testInstance({ foreign: [NAMED, HEX], prefix: 'acme' })

  test('masks tokens of any prefix and keys of the formats, wherever they stand', async () => {
    const { id, token } = await create()
    const other = await testInstance({ prefix: 'old' }).create()
    const hex = 'AB12'.repeat(10)
    const texts: [string, string][] = [
      [token, `${id}.[redacted]`],
      [`{"authorization":"Bearer ${token}"}`, `{"authorization":"Bearer ${id}.[redacted]"}`],
      [`\\n${KEY}\\n${token}${token}`, `\\n[named redacted]\\n${id}.[redacted]${id}.[redacted]`],
      [`${other.token}, ${hex}`, `${other.id}.[redacted], [hex redacted]`],
      [`GET /?key=${KEY}&x=1`, 'GET /?key=[named redacted]&x=1'],
      ['nothing to hide', 'nothing to hide'],
    ]
    for (const [text, masked] of texts) expect(latchkey.redact(text)).toBe(masked)
    // The patterns keep no place between calls.
    expect(latchkey.redact(KEY)).toBe(latchkey.redact(KEY))
  })

  test('leaves what is no text alone', () => {
    expect(latchkey.redact(undefined as unknown as string)).toBeUndefined()
  })
})

describe('scanRules', () => {
  const { latchkey, create } = testInstance({ foreign: [NAMED, HEX], prefix: 'acme', acceptPrefixes: ['old'] })

  test('are rules of gitleaks: id, description, regex, keywords', async () => {
    const { token } = await create()
    const { rules } = parseToml(latchkey.scanRules('gitleaks')) as { rules: Record<string, unknown>[] }
    expect(rules.map(({ id }) => id)).toEqual(['acme-api-token', 'old-api-token', 'named-key', 'hex-key'])
    for (const rule of rules) {
      expect(rule).toMatchObject({ description: expect.any(String), regex: expect.any(String) })
      expect(Object.keys(rule).filter((key) => !['id', 'description', 'regex', 'keywords'].includes(key))).toEqual([])
    }
    expect(rules.map(({ keywords }) => keywords)).toEqual([['acme.'], ['old.'], ['key_'], undefined])
    expect(token).toMatch(new RegExp(`^${String(rules[0]?.regex)}$`))
    expect(KEY).toMatch(new RegExp(`^${String(rules[2]?.regex)}$`))
    expect(String(rules[3]?.regex)).toBe('(?i)[a-f0-9]{40}')
  })

  test('are detectors of trufflehog: name, keywords, regex', async () => {
    const { latchkey, create } = testInstance({ foreign: [NAMED], prefix: 'acme' })
    const { token } = await create()
    const { detectors } = parseYaml(latchkey.scanRules('trufflehog')) as {
      detectors: { name: string; keywords: string[]; regex: { token: string } }[]
    }
    expect(detectors.map(({ name, keywords }) => [name, keywords])).toEqual([
      ['acme-api-token', ['acme.']],
      ['named-key', ['key_']],
    ])
    const [ours, named] = detectors.map(({ regex }) => new RegExp(`^${regex.token}$`))
    expect(token).toMatch(ours ?? '')
    expect(KEY).toMatch(named ?? '')
  })

  const impossible: [Scanner, RegExp, string][] = [
    ['gitleaks', /^(?=.*[0-9])[a-z0-9]{20}$/, 'gitleaks has no lookarounds'],
    ['trufflehog', /^([a-z])\1{20}$/, 'trufflehog has no lookarounds, no references'],
    ['gitleaks', /^key_\u0041[a-z]{20}$/, 'few escapes of letters'],
    ['gitleaks', new RegExp(SETS, 'v'), 'no flag v'],
    ['trufflehog', /^[a-z]{20}$/, 'trufflehog needs keys that begin with a fixed text'],
    ['trufflehog', /^key_a|other_b$/, 'trufflehog needs keys that begin with a fixed text'],
    ['other' as Scanner, /^key_a$/, 'takes gitleaks or trufflehog'],
  ]

  test.each(impossible)('for %s refuse %s', (scanner, match, sentence) => {
    const { latchkey } = testInstance({ foreign: [{ name: 'x', match }] })
    const call = () => latchkey.scanRules(scanner)
    expect(call).toThrow(expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(sentence) }))
  })

  test('have no groups that a scanner would report instead of the key', () => {
    const match = /^key_([a-z]{2}|(?<year>20[0-9]{2}))\([(\])]{2}(?:x|y)\\d$/
    const { rules } = parseToml(testInstance({ foreign: [{ name: 'x', match }] }).latchkey.scanRules('gitleaks')) as {
      rules: { regex: string }[]
    }
    expect(rules[1]?.regex).toBe('key_(?:[a-z]{2}|(?:20[0-9]{2}))\\([(\\])]{2}(?:x|y)\\\\d')
  })

  test('take a keyword without what is repeated or may be missing', () => {
    const keywordOf = (match: RegExp) =>
      /keywords = \["(.*)"\]/.exec(
        testInstance({ foreign: [{ name: 'x', match }] })
          .latchkey.scanRules('gitleaks')
          .split('x-key')[1] ?? '',
      )?.[1]
    expect(keywordOf(/^Key_?[a-z]+$/)).toBe('key')
    expect(keywordOf(/^my\.keys?[a-z]+$/)).toBe('my.key')
    expect(keywordOf(/^k[a-z]+$/)).toBeUndefined()
  })
})
