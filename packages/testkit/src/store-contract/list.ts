import assert from 'node:assert/strict'
import type { EnvironmentStore, ListFilter } from '@latchkey/core/store'
import { fullTokenRecord, tokenRecord } from '../fixtures.js'
import { readPage } from '../read-page.js'
import { type ContractCase, twoConnections } from './contract-case.js'
import { insertAll, range, walk, walkIds } from './helpers.js'

const query = { filter: {}, sort: { by: 'createdAt', direction: 'asc' }, limit: 100, count: true } as const

export const listCases: readonly ContractCase[] = [
  twoConnections('list', 'an empty store has one empty page, without next', async (a) => {
    assert.deepStrictEqual(await readPage(a, query), { records: [], totalCount: 0 })
  }),

  twoConnections('list', 'a page shows what it was, whatever is written before its records are read', async (a, b) => {
    const records = range(300).map((i) => tokenRecord({ createdAt: i, ...(i % 2 === 0 && { lastUsedAt: i }) }))
    await insertAll(a, records)
    const limits = [100, 250]
    const pages = await Promise.all(limits.map((limit) => b.list({ ...query, limit })))
    await a.touch(records.map(({ id }) => ({ id, gen: 1, at: 1_000, ip: '192.0.2.1' })))
    await a.update(records[1]?.id ?? '', { enabled: false }, 1)
    await a.remove(records[2]?.id ?? '')
    await a.insert(tokenRecord({ createdAt: 3 }))
    for (const [i, { records: shown }] of pages.entries()) {
      assert.deepStrictEqual([...shown], records.slice(0, limits[i]))
    }
  }),

  twoConnections('list', 'returns next if and only if more follow', async (a, b) => {
    const records = range(12).map((i) => tokenRecord({ createdAt: i }))
    await insertAll(a, records)
    for (const [limit, pages] of [
      [1, 12],
      [4, 3],
      [5, 3],
      [6, 2],
      [11, 2],
      [12, 1],
      [13, 1],
      [10_000, 1],
    ] as const) {
      let after: string | undefined
      for (const page of range(pages)) {
        const { next, records } = await readPage(b, { ...query, limit, ...(after === undefined ? {} : { after }) })
        assert.equal(records.length, Math.min(limit, 12 - page * limit), `limit ${limit}, page ${page}`)
        assert.equal(next === undefined, page === pages - 1, `limit ${limit}, page ${page} of ${pages}`)
        after = next
      }
    }
  }),

  twoConnections(
    'list',
    'counts all that match when count is true, on every page, and else gives no total',
    async (a, b) => {
      await insertAll(
        a,
        range(30).map((i) => tokenRecord({ createdAt: i, owner: i % 3 === 0 ? 'alice' : 'bob' })),
      )
      for (const [filter, total] of [
        [{}, 30],
        [{ owner: 'alice' }, 10],
        [{ owner: 'carol' }, 0],
      ] as const) {
        const first = await readPage(b, { ...query, filter, limit: 4 })
        assert.equal(first.totalCount, total)
        assert.ok(!('totalCount' in (await readPage(b, { ...query, filter, limit: 4, count: false }))))
        if (first.next === undefined) continue
        const second = await readPage(b, { ...query, filter, limit: 4, after: first.next })
        assert.equal(second.totalCount, total, 'not only those behind the position')
      }
    },
  ),

  twoConnections('list', 'returns fresh, complete copies', async (a) => {
    const record = fullTokenRecord()
    await a.insert(structuredClone(record))
    const [listed] = await walk(a)
    assert.deepStrictEqual(listed, record)
    listed.scopes.push('scrambled')
    for (const secret of listed.secrets) secret.hash = 'scrambled'
    Object.assign(listed.metadata ?? {}, { scrambled: true })
    assert.deepStrictEqual(await walk(a), [record])
  }),

  twoConnections('list', 'reflects every write acknowledged before, in rows, order and total', async (a, b) => {
    const record = tokenRecord({ name: 'm', scopes: ['old'], createdAt: 1 })
    const others = ['l', 'n'].map((name) =>
      tokenRecord({ name, createdAt: 1, modifiedAt: 50, expiresAt: 50, lastUsedAt: 50 }),
    )
    await insertAll(a, [record, ...others])
    const place = async (by: 'name' | 'modifiedAt' | 'expiresAt' | 'lastUsedAt') =>
      (await walkIds(b, { sort: { by, direction: 'asc' } })).indexOf(record.id)
    assert.deepStrictEqual(
      [await place('name'), await place('modifiedAt'), await place('expiresAt'), await place('lastUsedAt')],
      [1, 0, 2, 0],
    )
    await a.update(record.id, { name: 'z', scopes: ['new'], modifiedAt: 60, expiresAt: 40 }, 1)
    await a.touch([{ id: record.id, gen: 1, at: 70 }])
    assert.deepStrictEqual(
      [await place('name'), await place('modifiedAt'), await place('expiresAt'), await place('lastUsedAt')],
      [2, 2, 0, 2],
    )
    await a.update(record.id, { modifiedAt: null, expiresAt: null }, 2)
    assert.deepStrictEqual([await place('modifiedAt'), await place('expiresAt')], [0, 2])
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
  return Promise.all(filters.map(async (filter) => (await readPage(store, { ...query, filter, limit: 1 })).totalCount))
}
