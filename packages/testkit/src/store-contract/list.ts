import assert from 'node:assert/strict'
import type { SortKey } from '@latchkey/core'
import type { EnvironmentStore, ListFilter, ListQuery } from '@latchkey/core/store'
import { fullTokenRecord, tokenRecord } from '../fixtures.js'
import { type ContractCase, caseOf } from './contract-case.js'
import { insertAll, page, range, scramble, walk, walkIds } from './helpers.js'

export const listCases: readonly ContractCase[] = [
  caseOf.list('an empty store has one empty page, without next', async (a) => {
    assert.deepStrictEqual(await page(a, { count: true }), { records: [], totalCount: 0 })
  }),

  caseOf.list('a page is a snapshot: writes made after the call do not show in it', async (a, b) => {
    const records = range(300).map((i) => tokenRecord({ createdAt: i, ...(i % 2 === 0 && { lastUsedAt: i }) }))
    await insertAll(a, records)
    const limits = [100, 250]
    const pages = await Promise.all(
      limits.map((limit) => b.list({ filter: {}, sort: { by: 'createdAt', direction: 'asc' }, limit, count: true })),
    )
    await a.touch(records.map(({ id }) => ({ id, gen: 1, at: 1_000, ip: '192.0.2.1' })))
    await a.update(records[1]?.id ?? '', { enabled: false }, 1)
    await a.remove(records[2]?.id ?? '')
    await a.insert(tokenRecord({ createdAt: 3 }))
    for (const [i, { records: shown }] of pages.entries()) {
      assert.deepStrictEqual([...shown], records.slice(0, limits[i]))
    }
  }),

  caseOf.list('returns next if and only if more follow', async (a, b) => {
    const records = range(12).map((i) => tokenRecord({ createdAt: i }))
    await insertAll(a, records)
    for (const limit of [1, 4, 5, 6, 11, 12, 13, 10_000]) {
      const pages = Math.ceil(12 / limit)
      let after: string | undefined
      for (const n of range(pages)) {
        const { next, records: found } = await page(b, { limit, after })
        assert.equal(found.length, Math.min(limit, 12 - n * limit), `limit ${limit}, page ${n}`)
        assert.equal(next === undefined, n === pages - 1, `limit ${limit}, page ${n} of ${pages}`)
        after = next
      }
    }
  }),

  caseOf.list('counts all that match when count is true, on every page, and else gives no total', async (a, b) => {
    const records = range(30).map((i) => tokenRecord({ createdAt: i, owner: i % 3 === 0 ? 'alice' : 'bob' }))
    await insertAll(a, records)
    const totals: [ListFilter, number][] = [
      [{}, 30],
      [{ owner: 'alice' }, 10],
      [{ owner: 'carol' }, 0],
    ]
    for (const [filter, total] of totals) {
      const first = await page(b, { filter, limit: 4, count: true })
      assert.equal(first.totalCount, total)
      assert.ok(!('totalCount' in (await page(b, { filter, limit: 4 }))))
      if (first.next === undefined) continue
      const second = await page(b, { filter, limit: 4, count: true, after: first.next })
      assert.equal(second.totalCount, total, 'not only those behind the position')
    }
  }),

  caseOf.list('an aborted list rejects with the reason, and later calls do not notice', async (a) => {
    const records = range(300).map((i) => tokenRecord({ createdAt: i }))
    await insertAll(a, records)
    const query: ListQuery = { filter: {}, sort: { by: 'createdAt', direction: 'asc' }, limit: 300, count: true }
    const reason = new Error('The client is gone')
    const isReason = (error: unknown) => error === reason
    await assert.rejects(a.list(query, { signal: AbortSignal.abort(reason) }), isReason)
    const leaving = new AbortController()
    const left = range(8).map(async () => a.list(query, leaving))
    const staying = a.list(query)
    leaving.abort(reason)
    for (const outcome of await Promise.allSettled(left)) {
      // A page may have been there before.
      if (outcome.status === 'rejected') assert.equal(outcome.reason, reason)
      else assert.deepStrictEqual([...outcome.value.records], records)
    }
    for (const page of [await staying, await a.list(query, { signal: new AbortController().signal })]) {
      assert.deepStrictEqual([...page.records], records)
      assert.equal(page.totalCount, 300)
    }
  }),

  caseOf.list('returns fresh, complete copies', async (a) => {
    const record = fullTokenRecord()
    await a.insert(structuredClone(record))
    const [listed] = await walk(a)
    assert.deepStrictEqual(listed, record)
    scramble(listed)
    assert.deepStrictEqual(await walk(a), [record])
  }),

  caseOf.list('reflects every write acknowledged before, in rows, order and total', async (a, b) => {
    const record = tokenRecord({ name: 'm', scopes: ['old'], createdAt: 1 })
    const others = ['l', 'n'].map((name) =>
      tokenRecord({ name, createdAt: 1, modifiedAt: 50, expiresAt: 50, lastUsedAt: 50 }),
    )
    await insertAll(a, [record, ...others])
    const places = async (...sorts: SortKey[]) =>
      Promise.all(sorts.map(async (by) => (await walkIds(b, { sort: { by, direction: 'asc' } })).indexOf(record.id)))
    assert.deepStrictEqual(await places('name', 'modifiedAt', 'expiresAt', 'lastUsedAt'), [1, 0, 2, 0])
    await a.update(record.id, { name: 'z', scopes: ['new'], modifiedAt: 60, expiresAt: 40 }, 1)
    await a.touch([{ id: record.id, gen: 1, at: 70 }])
    assert.deepStrictEqual(await places('name', 'modifiedAt', 'expiresAt', 'lastUsedAt'), [2, 2, 0, 2])
    await a.update(record.id, { modifiedAt: null, expiresAt: null }, 2)
    assert.deepStrictEqual(await places('modifiedAt', 'expiresAt'), [0, 2])
    assert.deepStrictEqual(
      await counts(b, [{ scopes: ['old'] }, { scopes: ['new'] }, { lastUsed: { from: 70 } }, {}]),
      [0, 1, 1, 3],
    )
    await a.remove(record.id)
    assert.deepStrictEqual(await counts(b, [{ scopes: ['new'] }, { lastUsed: { from: 70 } }, {}]), [0, 0, 2])
    assert.deepStrictEqual(await walk(b, { filter: { scopes: ['new'] } }), [])
  }),
]

async function counts(store: EnvironmentStore, filters: readonly ListFilter[]): Promise<(number | undefined)[]> {
  return Promise.all(filters.map(async (filter) => (await page(store, { filter, limit: 1, count: true })).totalCount))
}
