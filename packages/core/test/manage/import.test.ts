import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  type AuditEntry,
  type ForeignFormat,
  type ImportProgress,
  type ImportRow,
  memoryData,
} from '../../src/index.js'
import { DAY, MINUTE, NOW, testInstance } from '../support/instance.js'
import { outcome } from '../support/outcome.js'
import { testStore } from '../support/store.js'

const PLAIN: ForeignFormat = { name: 'plain', match: /^k[0-9]{1,6}$/ }
const NAMED: ForeignFormat = { name: 'named', match: /^n_[0-9]+_[0-9]+$/, id: (text) => text.split('_')[1] ?? '' }
const BCRYPT = `$2b$04$${'a'.repeat(53)}`

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const row = (members: Partial<ImportRow> = {}): ImportRow => ({ name: 'n', owner: 'o', scopes: ['a'], ...members })
const host = (options: Parameters<typeof testInstance>[0] = {}) =>
  testInstance({ foreign: [PLAIN, NAMED], scopes: { a: 'A' }, ...options })

/** Rows whose keys are k0, k1, … */
function* rows(count: number): Generator<ImportRow> {
  for (let i = 0; i < count; i++) yield row({ format: 'plain', sha256: sha256(`k${i}`) })
}

describe('importTokens', () => {
  test('stores what the row says, and who imported it', async () => {
    const { latchkey } = host({ maxLifetime: DAY })
    const times = { createdAt: '2020-01-01', lastUsedAt: NOW - MINUTE, expiresAt: '2030-01-01T00:00:00Z' }
    const rest = { networks: ['10.0.0.0/8'], resources: ['project:1'], metadata: { plan: 'pro' }, enabled: false }
    await latchkey.importTokens([row({ ...times, ...rest, personal: true, key: 'k1' }), row({ key: 'k2' })])
    const token = await latchkey.lookup('k1')
    expect(token).toMatchObject({ ...rest, name: 'n', owner: 'o', scopes: ['a'], personal: true, format: 'plain' })
    expect(token).toMatchObject({ createdAt: Date.UTC(2020), expiresAt: Date.UTC(2030), lastUsedAt: NOW - MINUTE })
    expect(token.createdBy).toEqual({ kind: 'host' })
    expect(outcome(await latchkey.verify('k1', { ip: '10.1.1.1', resources: 'any' }))).toBe('disabled')
    const plain = await latchkey.lookup('k2')
    expect(plain).toMatchObject({ createdAt: NOW, enabled: true, personal: false, networks: [], resources: [] })
    expect(plain).not.toHaveProperty('expiresAt')
    const { tokens } = await latchkey.list({ sort: 'createdAt' })
    expect(tokens.map(({ format }) => format)).toEqual(['plain', 'plain'])
  })

  test('imports a key that has expired as it is', async () => {
    const { latchkey } = host()
    expect(await latchkey.importTokens([row({ key: 'k1', expiresAt: NOW - 1 })])).toMatchObject({ imported: 1 })
    expect(outcome(await latchkey.verify('k1'))).toBe('expired')
  })

  test('lets in a key that was presented before it was imported', async () => {
    const { latchkey, store } = host()
    expect(outcome(await latchkey.verify('k1'))).toBe('unknown')
    store.deaf = true
    await latchkey.importTokens([row({ key: 'k1' })])
    expect(outcome(await latchkey.verify('k1'))).toBe('ok')
  })

  const bad: [string, Readonly<Record<string, unknown>>, string[]][] = [
    ['no key', {}, ['']],
    ['two keys', { key: 'k1', sha256: sha256('k1') }, ['']],
    ['everything at once', { key: 'k1', name: '', scopes: ['b'], owner: ' ' }, ['name', 'owner', 'scopes[0]']],
    ['an unknown member', { key: 'k1', secret: 'x' }, ['secret']],
    ['a key of no format', { key: 'zzz' }, ['key']],
    ['a key of another format', { key: 'k1', format: 'named' }, ['format']],
    ['a key with another id', { key: 'n_1_1', id: '2' }, ['id']],
    ['an unknown format', { sha256: sha256('k1'), format: 'nope' }, ['format']],
    ['no format, where there are two', { sha256: sha256('k1') }, ['format']],
    ['no id', { sha256: sha256('k1'), format: 'named' }, ['id']],
    ['an id too many', { sha256: sha256('k1'), format: 'plain', id: '1' }, ['id']],
    ['a SHA-1', { sha256: 'ab'.repeat(20), format: 'plain' }, ['sha256']],
    ['bcrypt without an id', { hash: BCRYPT, format: 'plain' }, ['hash']],
    ['bcrypt of $2x$', { hash: BCRYPT.replace('$2b$', '$2x$'), format: 'named', id: '1' }, ['hash']],
    ['a hash that costs too much', { hash: BCRYPT.replace('$04$', '$15$'), format: 'named', id: '1' }, ['hash']],
    [
      'Argon2 of 2 GiB',
      { hash: `$argon2id$v=19$m=2097152,t=1,p=1$${'a'.repeat(22)}$${'a'.repeat(43)}`, format: 'named', id: '1' },
      ['hash'],
    ],
    ['a Date', { key: 'k1', expiresAt: new Date() }, ['expiresAt']],
    [
      'times in seconds',
      { key: 'k1', createdAt: NOW / 1_000, lastUsedAt: `${NOW / 1_000}`, expiresAt: 0 },
      ['createdAt', 'expiresAt', 'lastUsedAt'],
    ],
  ]

  test.each(bad)('rejects a row with %s, and goes on', async (_, members, paths) => {
    const { latchkey, records } = host()
    const result = await latchkey.importTokens([row(members as Partial<ImportRow>), row({ key: 'k9' })])
    expect(result).toMatchObject({ imported: 1, skipped: 0, rejected: [{ row: 0 }] })
    expect(result.rejected[0]?.violations.map(({ path }) => path).toSorted()).toEqual(paths)
    expect(JSON.stringify(result)).not.toContain(BCRYPT.slice(8))
    expect(await records()).toHaveLength(1)
  })

  test('skips what is there, also after rotations, and tells another key of the same id', async () => {
    const { latchkey } = host()
    await latchkey.importTokens([row({ key: 'n_1_1' }), row({ key: 'k1' })])
    await latchkey.rotate((await latchkey.lookup('n_1_1')).id)
    const again = [row({ key: 'n_1_1' }), row({ key: 'k1' }), row({ key: 'k1' }), row({ key: 'n_1_2' })]
    const tried = await latchkey.importTokens(again, { dryRun: true })
    const result = await latchkey.importTokens(again)
    expect(result).toMatchObject({ imported: 0, skipped: 3, rejected: [{ row: 3, violations: [{ path: 'id' }] }] })
    expect(tried).toEqual(result)
  })

  test('waits for what is there as long as for a write', async () => {
    const data = memoryData()
    const asked: unknown[] = []
    const store = testStore(data, (opened) => ({
      find(id, options) {
        asked.push(options)
        return opened.find(id, options)
      },
    }))
    const { latchkey } = host({ data, store })
    await latchkey.importTokens([row({ key: 'k1' })])
    await latchkey.importTokens([row({ key: 'k1' })])
    await latchkey.importTokens([row({ key: 'k1' })], { dryRun: true })
    expect(asked).toEqual([{ patient: true }, { patient: true }, { patient: true }])
  })

  test('names at most 300 of the faults of a row', async () => {
    const members = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`m${i}`, 1]))
    const { rejected } = await host().latchkey.importTokens([{ ...row({ key: 'k1' }), ...members }])
    expect(rejected[0]?.violations).toHaveLength(300)
  })

  test('with dryRun counts and writes nothing, not even an entry of the audit', async () => {
    const entries: AuditEntry[] = []
    const { latchkey, records } = host({ onAudit: (entry) => void entries.push(entry) })
    expect(await latchkey.importTokens([row({ key: 'k1' }), row({})], { dryRun: true })).toMatchObject({
      imported: 1,
      rejected: [{ row: 1 }],
    })
    expect([await records(), entries]).toEqual([[], []])
  })

  test('is one entry of the audit, with counts', async () => {
    const entries: AuditEntry[] = []
    const { latchkey } = host({ onAudit: (entry) => void entries.push(entry) })
    await latchkey.importTokens([row({ key: 'k1' }), row({ key: 'k1' }), row({})])
    const counts = { imported: 1, skipped: 1, rejected: 1 }
    expect(entries).toMatchObject([
      { action: 'import', outcome: 'begun', actor: { kind: 'host' } },
      { action: 'import', outcome: 'done', counts },
    ])
  })

  test('writes nothing that the audit does not take', async () => {
    const { latchkey, records } = host({ onAudit: () => Promise.reject(new Error('full')) })
    await expect(latchkey.importTokens([row({ key: 'k1' })])).rejects.toMatchObject({ code: 'ERR_AUDIT' })
    expect(await records()).toEqual([])
  })

  test('can be stopped in the middle and run again, and reports its progress', async () => {
    const entries: AuditEntry[] = []
    const { latchkey, records } = host({ onAudit: (entry) => void entries.push(entry) })
    const stop = new AbortController()
    const progress: ImportProgress[] = []
    const options = {
      signal: stop.signal,
      onProgress: (done: ImportProgress) => {
        progress.push(done)
        stop.abort(new Error('enough'))
      },
    }
    await expect(latchkey.importTokens(rows(2_500), options)).rejects.toThrow('enough')
    expect(progress).toEqual([{ imported: 1_000, skipped: 0, rejected: 0 }])
    expect(entries.at(-1)).toMatchObject({ outcome: 'failed', counts: { imported: 1_000 } })
    async function* later() {
      yield* rows(2_500)
    }
    expect(await latchkey.importTokens(later())).toEqual({ imported: 1_500, skipped: 1_000, rejected: [] })
    expect(await records()).toHaveLength(2_500)
    for (const key of ['k0', 'k999', 'k1000', 'k2499']) expect(outcome(await latchkey.verify(key))).toBe('ok')
  })

  test('fails as the store does, and the rows before stay', async () => {
    const { latchkey, store, records } = host()
    let inserts = 0
    store.beforeInsert = () => {
      if (++inserts === 150) throw new Error('disk full')
    }
    await expect(latchkey.importTokens(rows(300))).rejects.toMatchObject({ code: 'ERR_STORE' })
    expect(await records()).toHaveLength(149)
    expect(await latchkey.importTokens(rows(300))).toMatchObject({ imported: 151, skipped: 149 })
  })

  const misused: [string, unknown[], string][] = [
    ['one row', [row({ key: 'k1' })], 'not one row'],
    ['a text', ['k1'], 'takes a list of rows'],
    ['an unknown option', [[], { caller: { owner: 'o', scopes: [] } }], 'importTokens.caller is not an option'],
    ['a dryRun that is a text', [[], { dryRun: 'yes' }], 'importTokens.dryRun must be true or false'],
    ['an onProgress that is no function', [[], { onProgress: 1 }], 'importTokens.onProgress must be a function'],
    ['a signal that is none', [[], { signal: true }], 'importTokens.signal must be an AbortSignal'],
  ]

  test.each(misused)('refuses %s', async (_, [given, options], sentence) => {
    const { latchkey } = host()
    const call = latchkey.importTokens(given as ImportRow[], options as object)
    await expect(call).rejects.toMatchObject({ code: 'ERR_OPTION', message: expect.stringContaining(sentence) })
  })

  test('rejects what looks like a token of ours, which no format is asked about', async () => {
    const { latchkey, create } = testInstance({ foreign: [{ name: 'any', match: /^[^ ]+$/ }] })
    const { token } = await create()
    expect(await latchkey.importTokens([row({ key: token })])).toMatchObject({
      imported: 0,
      rejected: [{ violations: [{ path: 'key' }] }],
    })
  })

  test('needs a declared format', async () => {
    const { latchkey } = testInstance()
    await expect(latchkey.importTokens([])).rejects.toThrow('needs the option foreign')
  })
})
