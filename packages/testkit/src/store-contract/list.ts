import assert from 'node:assert/strict'
import type { EnvironmentStore, ListFilter, TokenRecord } from '@latchkey/core'
import { CREATED_AT, fullTokenRecord, tokenRecord } from '../fixtures.js'
import { type ContractCase, twoConnections } from './contract-case.js'
import { insertAll, range, stored, walk, walkIds } from './helpers.js'

const query = { filter: {}, sort: { by: 'createdAt', direction: 'asc' }, limit: 100, count: true } as const

export const listCases: readonly ContractCase[] = [
  twoConnections('list', 'an empty store has one empty page, without next', async (a) => {
    assert.deepStrictEqual(await a.list(query), { records: [], totalCount: 0 })
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
        const { next, records } = await b.list({ ...query, limit, ...(after === undefined ? {} : { after }) })
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
        const first = await b.list({ ...query, filter, limit: 4 })
        assert.equal(first.totalCount, total)
        assert.ok(!('totalCount' in (await b.list({ ...query, filter, limit: 4, count: false }))))
        if (first.next === undefined) continue
        const second = await b.list({ ...query, filter, limit: 4, after: first.next })
        assert.equal(second.totalCount, total, 'not only those behind the position')
      }
    },
  ),

  twoConnections('list', 'returns fresh, complete copies', async (a) => {
    const record = fullTokenRecord()
    await a.insert(record)
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

  filterCase(
    'owner matches exactly and case-sensitively',
    [
      'alice',
      'Alice',
      'alice ',
      ' alice',
      'alic',
      'alicee',
      'al*',
      '*',
      'al_ce',
      'al%',
      'a"l\'i,c~e',
      'é',
      'e\u0301',
      '\u{1F600}',
    ],
    (owner) => ({ owner }),
    (owner) => ({ owner }),
  ),

  filterCase(
    'scopes match literally: no wildcard is expanded, no beginning is enough',
    ['metrics.read', '*', 'metrics.*', 'metrics', 'metrics.readX', 'metrics.rea', 'Metrics.read', 'metrics:read'],
    (scope) => ({ scopes: [scope, 'always.there'] }),
    (scope) => ({ scopes: [scope] }),
  ),

  twoConnections('list', 'scopes match records that hold any one of them, each record once', async (a, b) => {
    const held = [['a'], ['b'], ['a', 'b'], ['c', 'a', 'd'], ['c'], ['d', 'c'], ['ab']]
    const records = held.map((scopes, i) => tokenRecord({ scopes, createdAt: i }))
    await insertAll(a, records)
    const expectations: [string[], number[]][] = [
      [['a'], [0, 2, 3]],
      [
        ['a', 'b'],
        [0, 1, 2, 3],
      ],
      [
        ['b', 'a', 'a'],
        [0, 1, 2, 3],
      ],
      [
        ['d', 'b'],
        [1, 2, 3, 5],
      ],
      [['nobody'], []],
      [['nobody', 'ab'], [6]],
    ]
    await expectRows(
      b,
      records,
      expectations.map(([scopes, rows]) => [{ scopes }, rows]),
    )
  }),

  twoConnections('list', 'personal matches both ways', async (a, b) => {
    const records = range(6).map((i) => tokenRecord({ personal: i % 2 === 0, createdAt: i }))
    await insertAll(a, records)
    await expectRows(b, records, [
      [{ personal: true }, [0, 2, 4]],
      [{ personal: false }, [1, 3, 5]],
      [{}, [0, 1, 2, 3, 4, 5]],
    ])
  }),

  twoConnections('list', 'lastUsed includes both bounds; a token never used matches no bound', async (a, b) => {
    const uses = [undefined, 0, 100, 200, 253_402_300_799_999, undefined]
    const records = uses.map((lastUsedAt, i) =>
      tokenRecord({ createdAt: i, ...(lastUsedAt === undefined ? {} : { lastUsedAt }) }),
    )
    await insertAll(a, records)
    await expectRows(b, records, [
      [{ lastUsed: { from: 0 } }, [1, 2, 3, 4]],
      [{ lastUsed: { from: 1 } }, [2, 3, 4]],
      [{ lastUsed: { from: 100 } }, [2, 3, 4]],
      [{ lastUsed: { from: 101 } }, [3, 4]],
      [{ lastUsed: { to: 0 } }, [1]],
      [{ lastUsed: { to: 100 } }, [1, 2]],
      [{ lastUsed: { to: 99 } }, [1]],
      [{ lastUsed: { from: 100, to: 200 } }, [2, 3]],
      [{ lastUsed: { from: 100, to: 100 } }, [2]],
      [{ lastUsed: { from: 101, to: 199 } }, []],
      [{ lastUsed: { from: 253_402_300_799_999 } }, [4]],
      [{}, [0, 1, 2, 3, 4, 5]],
    ])
    assert.equal((await stored(b, records[1]?.id ?? '')).lastUsedAt, 0)
  }),

  twoConnections('list', 'criteria are joined by AND', async (a, b) => {
    const records = range(16).map((i) =>
      tokenRecord({
        createdAt: CREATED_AT + i,
        owner: i & 1 ? 'alice' : 'bob',
        personal: Boolean(i & 2),
        scopes: i & 4 ? ['x', 'y'] : ['z'],
        ...(i & 8 ? { lastUsedAt: 10 } : {}),
      }),
    )
    await insertAll(a, records)
    await expectRows(b, records, [
      [{ owner: 'alice', personal: true }, [3, 7, 11, 15]],
      [{ owner: 'bob', scopes: ['y'] }, [4, 6, 12, 14]],
      [{ personal: false, lastUsed: { to: 10 } }, [8, 9, 12, 13]],
      [{ scopes: ['x', 'z'], lastUsed: { from: 10 } }, [8, 9, 10, 11, 12, 13, 14, 15]],
      [{ owner: 'alice', personal: true, scopes: ['x'], lastUsed: { from: 10, to: 10 } }, [15]],
      [{ owner: 'alice', personal: true, scopes: ['x'], lastUsed: { from: 11 } }, []],
    ])
  }),
]

/** One record per value; filtering by each value finds its record alone. */
function filterCase(
  name: string,
  values: readonly string[],
  build: (value: string) => Partial<TokenRecord>,
  filterBy: (value: string) => ListFilter,
): ContractCase {
  return twoConnections('list', name, async (a, b) => {
    const records = values.map((value, i) => tokenRecord({ createdAt: CREATED_AT + i, ...build(value) }))
    await insertAll(a, records)
    await expectRows(
      b,
      records,
      values.map((value, i) => [filterBy(value), [i]]),
    )
  })
}

/** The records must be in order of creation. */
async function expectRows(
  store: EnvironmentStore,
  records: readonly TokenRecord[],
  expectations: readonly (readonly [ListFilter, readonly number[]])[],
): Promise<void> {
  for (const [filter, rows] of expectations) {
    const page = await store.list({ ...query, filter })
    const got = page.records.map(({ id }) => records.findIndex((record) => record.id === id))
    assert.deepStrictEqual(got, rows, `rows of ${JSON.stringify(filter)}`)
    assert.equal(page.totalCount, rows.length, `total of ${JSON.stringify(filter)}`)
  }
}

async function counts(store: EnvironmentStore, filters: readonly ListFilter[]): Promise<(number | undefined)[]> {
  return Promise.all(filters.map(async (filter) => (await store.list({ ...query, filter, limit: 1 })).totalCount))
}
