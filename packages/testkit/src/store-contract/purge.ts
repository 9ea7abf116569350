import assert from 'node:assert/strict'
import { tokenRecord } from '../fixtures.js'
import { type ContractCase, caseOf } from './contract-case.js'
import { idsOf, insertAll, page, range, walkIds } from './helpers.js'

export const purgeCases: readonly ContractCase[] = [
  caseOf.purge('removes what expired before the time, not at it, and says how many', async (a, b) => {
    const records = [0, 999, 1_000, 1_001].map((expiresAt) => tokenRecord({ expiresAt }))
    await insertAll(a, records)
    const left = () => walkIds(a, { sort: { by: 'expiresAt', direction: 'asc' } })
    assert.equal(await b.purge(0), 0)
    assert.deepStrictEqual(await left(), idsOf(records))
    assert.equal(await b.purge(1_000), 2)
    assert.deepStrictEqual(await left(), idsOf(records.slice(2)))
    assert.equal(await b.purge(1_000), 0)
    assert.equal(await b.purge(1_001), 1)
    assert.equal(await b.purge(253_402_300_799_999), 1)
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
    assert.equal(await b.purge(253_402_300_799_999), 1)
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
    assert.equal(await b.purge(1_000), 1)
    const left = await walkIds(a, { sort: { by: 'expiresAt', direction: 'asc' } })
    assert.deepStrictEqual(left, [extended.id, kept.id, freed.id])
  }),

  caseOf.purge('removes any number of records, from lists and totals too', async (a, b) => {
    const records = range(1_300).map((i) => tokenRecord({ expiresAt: i % 13 === 0 ? 5_000 : i, lastUsedAt: i }))
    await insertAll(a, records)
    assert.equal(await b.purge(2_000), 1_200)
    for (const filter of [{}, { owner: 'alice' }, { scopes: ['reports.read'] }, { lastUsed: { from: 0 } }]) {
      const left = await page(a, { filter, sort: { by: 'name', direction: 'asc' }, limit: 200, count: true })
      assert.deepStrictEqual([left.records.length, left.totalCount, left.next], [100, 100, undefined])
      assert.ok(left.records.every(({ expiresAt }) => expiresAt === 5_000))
    }
  }),
]
