import assert from 'node:assert/strict'
import type { TokenRecord } from '@latchkey/core/store'
import { fullTokenRecord, tokenId, tokenRecord } from '../fixtures.js'
import { type ContractCase, caseOf } from './contract-case.js'
import {
  assertIdsOf,
  idsOf,
  insertAll,
  LAST_TIME,
  page,
  range,
  rejectsWith,
  scramble,
  stored,
  unusualRecords,
  walk,
  walkIds,
} from './helpers.js'

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
      else assert.equal((await a.purge(11)).length, 1)
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

export const purgeCases: readonly ContractCase[] = [
  caseOf.purge('removes what expired before the time, not at it, and names it', async (a, b) => {
    const records = [0, 999, 1_000, 1_001].map((expiresAt) => tokenRecord({ expiresAt }))
    await insertAll(a, records)
    const left = () => walkIds(a, { sort: { by: 'expiresAt', direction: 'asc' } })
    assert.equal((await b.purge(0)).length, 0)
    assert.deepStrictEqual(await left(), idsOf(records))
    assertIdsOf(await b.purge(1_000), records.slice(0, 2))
    assert.deepStrictEqual(await left(), idsOf(records.slice(2)))
    assert.equal((await b.purge(1_000)).length, 0)
    assert.equal((await b.purge(1_001)).length, 1)
    assert.equal((await b.purge(LAST_TIME)).length, 1)
    assert.deepStrictEqual(await left(), [])
    for (const { id } of records) assert.equal(await a.find(id), undefined)
  }),

  caseOf.purge('keeps those that never expire, enabled or not', async (a, b) => {
    const records = [
      tokenRecord(),
      tokenRecord({ enabled: false, lastUsedAt: 1, createdAt: 0 }),
      tokenRecord({ expiresAt: 5 }),
    ]
    await insertAll(a, records)
    assert.equal((await b.purge(LAST_TIME)).length, 1)
    assert.deepStrictEqual(await walkIds(a), idsOf([records[1], records[0]].flatMap((record) => record ?? [])))
  }),

  caseOf.purge('uses the current expiry: an extended or unlimited record stays, a shortened one goes', async (a, b) => {
    const [extended, freed, cut, kept] = [10, 10, 5_000, 5_000].map((expiresAt) => tokenRecord({ expiresAt }))
    assert.ok(extended && freed && cut && kept)
    await insertAll(a, [extended, freed, cut, kept])
    await a.update(extended.id, { expiresAt: 2_000 }, 1)
    await a.update(freed.id, { expiresAt: null }, 1)
    await a.update(cut.id, { expiresAt: 10 }, 1)
    await a.touch([{ id: kept.id, gen: 1, at: 1 }])
    assert.equal((await b.purge(1_000)).length, 1)
    const left = await walkIds(a, { sort: { by: 'expiresAt', direction: 'asc' } })
    assert.deepStrictEqual(left, [extended.id, kept.id, freed.id])
  }),

  caseOf.purge('removes any number of records, from lists and totals too', async (a, b) => {
    const records = range(1_300).map((i) => tokenRecord({ expiresAt: i % 13 === 0 ? 5_000 : i, lastUsedAt: i }))
    await insertAll(a, records)
    const expired = records.filter(({ expiresAt }) => expiresAt !== 5_000)
    assertIdsOf(await b.purge(2_000), expired)
    for (const filter of [{}, { owner: 'alice' }, { scopes: ['reports.read'] }, { lastUsed: { from: 0 } }]) {
      const left = await page(a, { filter, sort: { by: 'name', direction: 'asc' }, limit: 200, count: true })
      assert.deepStrictEqual([left.records.length, left.totalCount, left.next], [100, 100, undefined])
      assert.ok(left.records.every(({ expiresAt }) => expiresAt === 5_000))
    }
  }),
]
