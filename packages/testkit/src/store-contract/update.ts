import assert from 'node:assert/strict'
import type { TokenPatch, TokenRecord } from '@latchkey/core/store'
import { CREATED_AT, fullTokenRecord, storedSecret, tokenId, tokenRecord } from '../fixtures.js'
import { type ContractCase, caseOf } from './contract-case.js'
import { LAST_TIME, range, rejectsWith, scramble, stored, unusualRecords, walkIds } from './helpers.js'

const PATCHES: readonly TokenPatch[] = [
  {},
  { name: 'renamed \u{1F600}' },
  { enabled: false },
  { scopes: ['*', 'b'] },
  { networks: [] },
  { resources: [] },
  { resources: ['a:*', 'project:"1",{}\\'] },
  { metadata: { other: { deep: [true] } } },
  { expiresAt: 5 },
  { modifiedAt: 0 },
  { modifiedBy: { kind: 'token', id: 'lk.ABCDEFGHIJKLMNOPQRSTUVWX', owner: 'bob' } },
  { rotatedAt: LAST_TIME },
  { retired: ['0badcafe'] },
  { name: 'many', enabled: false, scopes: ['x'], networks: ['::/0'], modifiedAt: 7, retired: [] },
]

const DROPPABLE = ['metadata', 'expiresAt', 'modifiedAt', 'modifiedBy', 'rotatedAt'] as const

export const updateCases: readonly ContractCase[] = [
  caseOf.update('adds one to version and returns the new record', async (a, b) => {
    const record = fullTokenRecord()
    await a.insert(record)
    for (const version of range(12).map((i) => i + 1)) {
      const updated = await a.update(record.id, { name: `version ${version + 1}` }, version)
      assert.deepStrictEqual(updated, { ...record, name: `version ${version + 1}`, version: version + 1 })
      assert.deepStrictEqual(await b.find(record.id), updated)
    }
  }),

  caseOf.update('changes what the patch names and keeps every other member', async (a, b) => {
    for (const build of [tokenRecord, fullTokenRecord]) {
      for (const patch of PATCHES) {
        const record = build()
        await a.insert(record)
        await b.update(record.id, patch, 1)
        assert.deepStrictEqual(await a.find(record.id), { ...record, ...patch, version: 2 }, Object.keys(patch).join())
      }
    }
  }),

  caseOf.update('keeps every member of unusual records', async (a) => {
    for (const [what, record] of Object.entries(unusualRecords())) {
      await a.insert(record)
      const updated = await a.update(record.id, { rotatedAt: 3 }, record.version)
      assert.deepStrictEqual(updated, { ...record, rotatedAt: 3, version: record.version + 1 }, what)
    }
  }),

  caseOf.update('drops the members that the patch names with null', async (a, b) => {
    for (const member of DROPPABLE) {
      const record = fullTokenRecord()
      await a.insert(record)
      await a.update(record.id, { [member]: null }, 1)
      const expected: TokenRecord = { ...record, version: 2 }
      delete expected[member]
      assert.deepStrictEqual(await b.find(record.id), expected, member)
      await a.update(record.id, { [member]: null }, 2)
      assert.deepStrictEqual(await b.find(record.id), { ...expected, version: 3 }, `${member}, absent already`)
    }
  }),

  caseOf.update('resolves to undefined if there is no such record, also under another prefix', async (a) => {
    const record = tokenRecord()
    await a.insert(record)
    assert.equal(await a.update(tokenId(), { name: 'x' }, 1), undefined)
    assert.equal(await a.update(`other.${record.id.slice(3)}`, { name: 'x' }, 1), undefined)
    assert.deepStrictEqual(await a.find(record.id), record)
    await a.remove(record.id)
    assert.equal(await a.update(record.id, { name: 'x' }, 1), undefined)
    assert.equal(await a.find(record.id), undefined, 'an update brings nothing back')
  }),

  caseOf.update('rejects with ERR_CONFLICT at another version, changing nothing', async (a, b) => {
    const record = fullTokenRecord()
    await a.insert(record)
    const updated = await a.update(record.id, { name: 'second' }, 1)
    for (const version of [0, 1, 3]) {
      const patch = { name: 'lost', enabled: false, scopes: ['lost'], expiresAt: null }
      await rejectsWith('ERR_CONFLICT', b.update(record.id, patch, version))
    }
    assert.deepStrictEqual(await a.find(record.id), updated)
    assert.deepStrictEqual(await walkIds(a, { filter: { scopes: ['lost'] } }), [])
  }),

  caseOf.update('shares nothing with the patch nor with the record that it returns', async (a) => {
    const record = fullTokenRecord()
    await a.insert(record)
    const patch = {
      scopes: ['x'],
      networks: ['10.0.0.0/8'],
      metadata: { nested: { list: [1] } },
      secrets: [storedSecret({ gen: 3 })],
      retired: ['00000000'],
    }
    const updated = await a.update(record.id, patch, 1)
    assert.ok(updated)
    const before = structuredClone(updated)
    scramble(updated)
    scramble({ ...record, ...patch })
    assert.deepStrictEqual(await a.find(record.id), before)
  }),

  caseOf.update(
    'keeps the last use of every secret whose gen remains, and ignores those in the patch',
    async (a, b) => {
      const record = fullTokenRecord()
      const [current, previous] = record.secrets
      assert.ok(current && previous)
      await a.insert(record)
      const { lastUsedAt: _at, lastUsedIp: _ip, until: _until, ...bare } = previous
      const next = storedSecret({ gen: 3 })
      // Extra members are what a caller gives who passes on the secrets of a record that it read before.
      const stale = { ...current, until: CREATED_AT + 9, lastUsedAt: 1, lastUsedIp: '192.0.2.1' }
      const unused = { ...next, lastUsedAt: 2, lastUsedIp: '192.0.2.2' }
      await b.update(record.id, { secrets: [unused, stale] }, 1)
      const rotated = await stored(a, record.id)
      assert.deepStrictEqual(rotated.secrets, [next, { ...current, until: CREATED_AT + 9 }])
      await b.touch([{ id: record.id, gen: 3, at: CREATED_AT + 70_000 }])
      await b.update(record.id, { secrets: [current] }, 2)
      assert.deepStrictEqual((await stored(a, record.id)).secrets, [current], 'the previous is current again')
      await b.update(record.id, { secrets: [{ ...bare, gen: 4 }] }, 3)
      assert.deepStrictEqual((await stored(a, record.id)).secrets, [{ ...bare, gen: 4 }])
    },
  ),

  caseOf.update('keeps the last use of the token, also when the secret that was used is dropped', async (a, b) => {
    const record = fullTokenRecord()
    await a.insert(record)
    await a.touch([{ id: record.id, gen: 1, at: CREATED_AT + 80_000, ip: '192.0.2.7' }])
    await b.update(record.id, { secrets: [storedSecret({ gen: 3 })], name: 'rotated' }, 1)
    const { lastUsedAt, lastUsedIp } = await stored(a, record.id)
    assert.deepStrictEqual([lastUsedAt, lastUsedIp], [CREATED_AT + 80_000, '192.0.2.7'])
    const bounds = { from: CREATED_AT + 80_000, to: CREATED_AT + 80_000 }
    assert.deepStrictEqual(await walkIds(a, { filter: { lastUsed: bounds } }), [record.id])
  }),
]
