import assert from 'node:assert/strict'
import type { TokenRecord } from '@latchkey/core/store'
import { fullTokenRecord, tokenId, tokenRecord } from '../fixtures.js'
import { type ContractCase, caseOf } from './contract-case.js'
import { range, rejectsWith, stored, walk, walkIds } from './helpers.js'
import { scramble, unusualRecords } from './unusual-records.js'

const underOtherPrefix = (id: string) => `other.${id.slice(id.indexOf('.') + 1)}`

export const crudCases: readonly ContractCase[] = [
  caseOf.insert('stores every member exactly as given', async (a, b) => {
    const records = unusualRecords()
    for (const [what, record] of Object.entries(records)) {
      const given = structuredClone(record)
      await a.insert(record)
      assert.deepStrictEqual(record, given, `${what}: the argument is left alone`)
      assert.deepStrictEqual(await b.find(record.id), given, what)
    }
    const listed = new Map((await walk(b, { limit: 5 })).map((record) => [record.id, record]))
    for (const [what, record] of Object.entries(records)) assert.deepStrictEqual(listed.get(record.id), record, what)
  }),

  caseOf.insert('keeps no reference to the record that it is given', async (a) => {
    const record = fullTokenRecord()
    const given = structuredClone(record)
    await a.insert(record)
    scramble(record)
    assert.deepStrictEqual(await a.find(given.id), given)
  }),

  caseOf.insert('rejects with ERR_CONFLICT when the id exists, changing nothing', async (a, b) => {
    const record = fullTokenRecord()
    await a.insert(record)
    await rejectsWith('ERR_CONFLICT', b.insert(tokenRecord({ id: record.id, name: 'other', owner: 'mallory' })))
    assert.deepStrictEqual(await walk(a), [record])
    assert.deepStrictEqual(await walkIds(a, { filter: { owner: 'mallory' } }), [])
  }),

  caseOf.insert('rejects with ERR_CONFLICT when the public part exists under another prefix', async (a, b) => {
    const record = fullTokenRecord()
    await a.insert(record)
    const id = underOtherPrefix(record.id)
    await rejectsWith('ERR_CONFLICT', b.insert(tokenRecord({ id })))
    assert.equal(await b.find(id), undefined)
    assert.deepStrictEqual(await walk(b), [record])
  }),

  caseOf.find('resolves to undefined for an id that was never there', async (a) => {
    await a.insert(tokenRecord())
    assert.equal(await a.find(tokenId()), undefined)
  }),

  caseOf.find('returns disabled and expired records too', async (a, b) => {
    const records = [{ enabled: false }, { expiresAt: 0 }, { enabled: false, expiresAt: 1 }].map((it) =>
      tokenRecord(it),
    )
    for (const record of records) {
      await a.insert(record)
      assert.deepStrictEqual(await b.find(record.id), record)
    }
  }),

  caseOf.find('returns a fresh copy: changing it changes nothing stored', async (a) => {
    const record = fullTokenRecord()
    await a.insert(structuredClone(record))
    scramble(await stored(a, record.id))
    assert.deepStrictEqual(await a.find(record.id), record)
  }),

  caseOf.find('reflects every write acknowledged before, by the other connection', async (a, b) => {
    for (const round of range(20)) {
      const { id } = await insertNew(a)
      assert.equal((await stored(b, id)).version, 1, `insert, round ${round}`)
      await b.update(id, { name: `round ${round}` }, 1)
      assert.equal((await stored(a, id)).name, `round ${round}`)
      await a.touch([{ id, gen: 1, at: round }])
      assert.equal((await stored(b, id)).lastUsedAt, round)
      await b.update(id, { expiresAt: 10 }, 2)
      if (round % 2 === 0) assert.equal(await a.remove(id), true)
      else assert.equal(await a.purge(11), 1)
      assert.equal(await b.find(id), undefined, `removed, round ${round}`)
    }
  }),

  caseOf.find('does not find a public part under another prefix', async (a) => {
    const record = await insertNew(a)
    const publicPart = record.id.slice('lk.'.length)
    for (const id of [underOtherPrefix(record.id), `l.${publicPart}`, `lkk.${publicPart}`, `LK.${publicPart}`]) {
      assert.equal(await a.find(id), undefined, id)
    }
  }),

  caseOf.remove('removes for good: find, update, touch and list no longer see the record', async (a, b) => {
    const [record, other] = [fullTokenRecord(), tokenRecord()]
    await a.insert(record)
    await a.insert(other)
    assert.equal(await b.remove(record.id), true)
    assert.equal(await a.find(record.id), undefined)
    assert.equal(await a.update(record.id, { name: 'x' }, 1), undefined)
    await a.touch([{ id: record.id, gen: 2, at: record.createdAt + 999_999 }])
    assert.equal(await a.find(record.id), undefined)
    assert.deepStrictEqual(await walk(a), [other])
    assert.deepStrictEqual(await walk(a, { filter: { scopes: ['metrics.*'] } }), [])
  }),

  caseOf.remove('resolves to false if there is no such record, also under another prefix', async (a) => {
    const record = await insertNew(a)
    assert.equal(await a.remove(tokenId()), false)
    assert.equal(await a.remove(tokenId(), 1), false)
    assert.equal(await a.remove(underOtherPrefix(record.id)), false)
    assert.deepStrictEqual(await a.find(record.id), record)
    assert.equal(await a.remove(record.id), true)
    assert.equal(await a.remove(record.id), false)
    assert.equal(await a.remove(record.id, 1), false)
  }),

  caseOf.remove('with expectedVersion rejects with ERR_CONFLICT at another version', async (a, b) => {
    const { id } = await insertNew(a)
    await a.update(id, { name: 'second' }, 1)
    await rejectsWith('ERR_CONFLICT', b.remove(id, 1))
    await rejectsWith('ERR_CONFLICT', b.remove(id, 3))
    assert.equal((await stored(a, id)).name, 'second')
    assert.equal(await b.remove(id, 2), true)
    assert.equal(await a.find(id), undefined)
  }),
]

async function insertNew(store: { insert(record: TokenRecord): Promise<void> }): Promise<TokenRecord> {
  const record = tokenRecord()
  await store.insert(record)
  return record
}
