import type { TokenRecord } from '@latchkey/core/store'
import { fullTokenRecord, randomItem, seededRandom, storedSecret, tokenId, tokenRecord } from '../fixtures.js'
import { range } from './helpers.js'

const LAST_MILLISECOND = 253_402_300_799_999

/** Records at the edges of what core lets through. */
export function unusualRecords(): Record<string, TokenRecord> {
  const random = seededRandom(7)
  const emoji = (length: number) =>
    range(length).map(() => randomItem(['\u{1F600}', '\u{1F9FF}', '\uFF5E', 'é'], random))
  return {
    'no optional member': tokenRecord(),
    'every optional member': fullTokenRecord(),
    'a later version': tokenRecord({ version: 12 }),
    'disabled and expired': tokenRecord({ enabled: false, expiresAt: 1 }),
    'times of 0': fullTokenRecord({
      createdAt: 0,
      expiresAt: 0,
      modifiedAt: 0,
      rotatedAt: 0,
      lastUsedAt: 0,
      secrets: [storedSecret({ until: 0, lastUsedAt: 0 })],
    }),
    'the last time': fullTokenRecord({
      createdAt: LAST_MILLISECOND,
      expiresAt: LAST_MILLISECOND,
      modifiedAt: LAST_MILLISECOND,
      rotatedAt: LAST_MILLISECOND,
      lastUsedAt: LAST_MILLISECOND,
      secrets: [storedSecret({ until: LAST_MILLISECOND, lastUsedAt: LAST_MILLISECOND })],
    }),
    'used without an address': tokenRecord({ lastUsedAt: 5, secrets: [storedSecret({ lastUsedAt: 5 })] }),
    'a name and owner of 200 code points': tokenRecord({ name: emoji(200).join(''), owner: emoji(200).join('') }),
    'quotes and commas': tokenRecord({ name: `a"b',~\\;--{}[]%_*?`, owner: `o"wn'er, \\{x}:*` }),
    'combining characters': tokenRecord({ name: 'e\u0301 \u00e9 \u202e x', owner: ' e\u0301 ' }),
    'empty metadata': tokenRecord({ metadata: {} }),
    'metadata with unusual keys': tokenRecord({
      metadata: JSON.parse(
        '{"constructor": 1, "": {"": []}, "__proto__": {"x": 1}, "ключ\u{1F600}": "\\u0000\\n", "n": null}',
      ),
    }),
    'metadata of 4 KiB': tokenRecord({ metadata: { text: 'x'.repeat(4_084) } }),
    '100 networks': tokenRecord({ networks: range(100).map((i) => `10.${i}.0.0/16`) }),
    '100 scopes of 100 characters': tokenRecord({
      scopes: range(100).map((i) => `${'s'.repeat(98)}${String(i).padStart(2, '0')}`),
    }),
    '8 retired tags': tokenRecord({ retired: range(8).map((i) => `0000000${i}`) }),
    'the longest prefix': tokenRecord({ id: tokenId('a234567890123456') }),
  }
}

/** Changes everything that a shared reference could leak. */
export function scramble(record: TokenRecord): void {
  record.name = 'scrambled'
  record.version = 999
  record.scopes.push('scrambled')
  record.networks.length = 0
  record.retired.push('ffffffff')
  for (const secret of record.secrets) secret.hash = 'scrambled'
  record.secrets.pop()
  const nested = record.metadata?.nested
  if (typeof nested === 'object' && nested !== null) Object.assign(nested, { list: 'scrambled' })
  if (record.metadata) record.metadata.scrambled = true
}
