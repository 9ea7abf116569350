import assert from 'node:assert/strict'
import type { EnvironmentStore, ListFilter, TokenRecord } from '@latchkey/core/store'
import { CREATED_AT, tokenRecord } from '../fixtures.js'
import { type ContractCase, caseOf } from './contract-case.js'
import { insertAll, page, range } from './helpers.js'

export const listFilterCases: readonly ContractCase[] = [
  filterCase(
    'owner matches exactly and case-sensitively',
    'alice|Alice|alice | alice|alic|alicee|al*|*|al_ce|al%|a"l\'i,c~e|é|e\u0301|\u{1F600}'.split('|'),
    (owner) => ({ owner }),
    (owner) => ({ owner }),
  ),

  filterCase(
    'scopes match literally: no wildcard is expanded, no beginning is enough',
    ['metrics.read', '*', 'metrics.*', 'metrics', 'metrics.readX', 'metrics.rea', 'Metrics.read', 'metrics:read'],
    (scope) => ({ scopes: [scope, 'always.there'] }),
    (scope) => ({ scopes: [scope] }),
  ),

  caseOf.list('scopes match records that hold any one of them, each record once', async (a, b) => {
    const held = [['a'], ['b'], ['a', 'b'], ['c', 'a', 'd'], ['c'], ['d', 'c'], ['ab']]
    const records = held.map((scopes, i) => tokenRecord({ scopes, createdAt: i }))
    await insertAll(a, records)
    await expectRows(b, records, [
      [{ scopes: ['a'] }, [0, 2, 3]],
      [{ scopes: ['a', 'b'] }, [0, 1, 2, 3]],
      [{ scopes: ['b', 'a', 'a'] }, [0, 1, 2, 3]],
      [{ scopes: ['d', 'b'] }, [1, 2, 3, 5]],
      [{ scopes: ['nobody'] }, []],
      [{ scopes: ['nobody', 'ab'] }, [6]],
    ])
  }),

  caseOf.list('personal: true and personal: false each match their records', async (a, b) => {
    const records = range(6).map((i) => tokenRecord({ personal: i % 2 === 0, createdAt: i }))
    await insertAll(a, records)
    await expectRows(b, records, [
      [{ personal: true }, [0, 2, 4]],
      [{ personal: false }, [1, 3, 5]],
      [{}, [0, 1, 2, 3, 4, 5]],
    ])
  }),

  caseOf.list('lastUsed includes both bounds; a token never used matches no bound', async (a, b) => {
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
  }),

  caseOf.list('criteria are joined by AND', async (a, b) => {
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
  return caseOf.list(name, async (a, b) => {
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
    const { records: found, totalCount } = await page(store, { filter, count: true })
    const got = found.map(({ id }) => records.findIndex((record) => record.id === id))
    assert.deepStrictEqual(got, rows, `rows of ${JSON.stringify(filter)}`)
    assert.equal(totalCount, rows.length, `total of ${JSON.stringify(filter)}`)
  }
}
