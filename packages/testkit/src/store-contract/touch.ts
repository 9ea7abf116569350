import assert from 'node:assert/strict'
import type { TokenRecord, TokenUse } from '@latchkey/core/store'
import { CREATED_AT, fullTokenRecord, storedSecret, tokenId, tokenRecord } from '../fixtures.js'
import { type ContractCase, caseOf } from './contract-case.js'
import { idsOf, insertAll, page, range, stored, walk, walkIds } from './helpers.js'

const lastUse = ({ lastUsedAt, lastUsedIp }: { lastUsedAt?: number; lastUsedIp?: string }) => [lastUsedAt, lastUsedIp]

/** Two secrets, none of them used. */
function unused(): TokenRecord {
  return tokenRecord({ secrets: [storedSecret({ gen: 2 }), storedSecret({ gen: 1, until: CREATED_AT })] })
}

export const touchCases: readonly ContractCase[] = [
  caseOf.touch("records the token's and the secret's last use, and touches no other member", async (a, b) => {
    for (const record of [unused(), fullTokenRecord({ enabled: false, version: 3 })]) {
      await a.insert(record)
      const [current, previous] = record.secrets
      assert.ok(current && previous)
      const use = { lastUsedAt: CREATED_AT + 90_000, lastUsedIp: '::ffff:192.0.2.1' }
      await b.touch([{ id: record.id, gen: 2, at: use.lastUsedAt, ip: use.lastUsedIp }])
      assert.deepStrictEqual(await a.find(record.id), {
        ...record,
        ...use,
        secrets: [{ ...current, ...use }, previous],
      })
    }
  }),

  caseOf.touch('never changes version: an update at the version read before still succeeds', async (a, b) => {
    const record = unused()
    await a.insert(record)
    for (const at of [1, 2, 3]) await b.touch([{ id: record.id, gen: 1, at }])
    assert.equal((await stored(a, record.id)).version, 1)
    await a.update(record.id, { enabled: false }, 1)
    assert.deepStrictEqual((await stored(b, record.id)).enabled, false)
  }),

  caseOf.touch('only moves forward: an older use changes nothing', async (a, b) => {
    const record = unused()
    await a.insert(record)
    await a.touch([{ id: record.id, gen: 2, at: 1_000, ip: '192.0.2.1' }])
    const before = await stored(a, record.id)
    await b.touch([{ id: record.id, gen: 2, at: 999, ip: '192.0.2.2' }])
    await b.touch([{ id: record.id, gen: 2, at: 0 }])
    assert.deepStrictEqual(await a.find(record.id), before)
    assert.deepStrictEqual(await walkIds(a, { filter: { lastUsed: { to: 999 } } }), [])
  }),

  caseOf.touch('takes uses in any order and repeatedly, in one batch and in several', async (a, b) => {
    const uses = [30, 10, 50, 20, 50, 40].map((at) => ({ at, ip: `192.0.2.${at}` }))
    const [batch, single] = [unused(), unused()]
    await insertAll(a, [batch, single])
    await a.touch(uses.map((use) => ({ id: batch.id, gen: 1, ...use })))
    await b.touch(uses.map((use) => ({ id: batch.id, gen: 1, ...use })))
    for (const use of uses) await b.touch([{ id: single.id, gen: 1, ...use }])
    for (const { id } of [batch, single]) {
      const record = await stored(b, id)
      assert.deepStrictEqual(lastUse(record), [50, '192.0.2.50'])
      assert.deepStrictEqual(record.secrets.map(lastUse), [
        [undefined, undefined],
        [50, '192.0.2.50'],
      ])
    }
  }),

  caseOf.touch('keeps the last use of each secret apart', async (a, b) => {
    const record = unused()
    await a.insert(record)
    await b.touch([
      { id: record.id, gen: 2, at: 100, ip: '192.0.2.2' },
      { id: record.id, gen: 1, at: 50, ip: '192.0.2.1' },
    ])
    const touched = await stored(a, record.id)
    assert.deepStrictEqual(lastUse(touched), [100, '192.0.2.2'])
    assert.deepStrictEqual(touched.secrets.map(lastUse), [
      [100, '192.0.2.2'],
      [50, '192.0.2.1'],
    ])
  }),

  caseOf.touch('a use of a gen that no longer exists updates only the last use of the token', async (a, b) => {
    const record = fullTokenRecord()
    await a.insert(record)
    await b.touch([{ id: record.id, gen: 7, at: CREATED_AT + 90_000, ip: '192.0.2.9' }])
    const expected = { ...record, lastUsedAt: CREATED_AT + 90_000, lastUsedIp: '192.0.2.9' }
    assert.deepStrictEqual(await a.find(record.id), expected)
    // Nor does it wait for a secret of that gen to come.
    await a.update(record.id, { secrets: [storedSecret({ gen: 7 })] }, 1)
    assert.deepStrictEqual((await stored(b, record.id)).secrets.map(lastUse), [[undefined, undefined]])
  }),

  caseOf.touch('the address is that of the newest use: one without an address clears the older', async (a, b) => {
    const record = unused()
    await a.insert(record)
    await a.touch([{ id: record.id, gen: 2, at: 1, ip: '2001:db8::1' }])
    await b.touch([{ id: record.id, gen: 2, at: 2 }])
    const cleared = await stored(a, record.id)
    assert.equal(cleared.lastUsedAt, 2)
    assert.ok(!('lastUsedIp' in cleared))
    assert.ok(cleared.secrets.every((secret) => !('lastUsedIp' in secret)))
    await b.touch([{ id: record.id, gen: 2, at: 3, ip: '192.0.2.3' }])
    assert.deepStrictEqual((await stored(a, record.id)).secrets.map(lastUse), [
      [3, '192.0.2.3'],
      [undefined, undefined],
    ])
  }),

  caseOf.touch('ignores unknown ids, another prefix, an empty batch', async (a, b) => {
    const record = unused()
    await a.insert(record)
    await b.touch([])
    await b.touch([
      { id: tokenId(), gen: 1, at: 5 },
      { id: `other.${record.id.slice(3)}`, gen: 1, at: 6 },
      { id: record.id, gen: 1, at: 4 },
      { id: tokenId(), gen: 1, at: 7 },
    ])
    assert.deepStrictEqual(lastUse(await stored(a, record.id)), [4, undefined])
    assert.deepStrictEqual(await walkIds(a), [record.id])
  }),

  caseOf.touch('never brings a removed or purged record back', async (a, b) => {
    const [removed, purged, kept] = [unused(), tokenRecord({ expiresAt: 5 }), unused()]
    await insertAll(a, [removed, purged, kept])
    await a.remove(removed.id)
    await a.purge(6)
    await b.touch([removed, purged, kept].map(({ id }) => ({ id, gen: 1, at: 10, ip: '192.0.2.1' })))
    assert.equal(await a.find(removed.id), undefined)
    assert.equal(await a.find(purged.id), undefined)
    const all = await page(a, { sort: { by: 'lastUsedAt', direction: 'desc' }, count: true })
    assert.deepStrictEqual([idsOf(all.records), all.totalCount], [[kept.id], 1])
    const used = await page(a, { filter: { lastUsed: { from: 0 } }, count: true })
    assert.deepStrictEqual([idsOf(used.records), used.totalCount], [[kept.id], 1])
  }),

  caseOf.touch('a batch of 2,500 uses of 1,250 tokens records them all', async (a, b) => {
    const records = range(1_250).map(unused)
    await insertAll(a, records)
    const use =
      (gen: number) =>
      (record: TokenRecord, i: number): TokenUse => ({ id: record.id, gen, at: 10 * i + gen })
    await b.touch([...records.map(use(2)), ...records.map(use(1))])
    const touched = await walk(a, { sort: { by: 'lastUsedAt', direction: 'asc' }, limit: 500 })
    assert.deepStrictEqual(idsOf(touched), idsOf(records))
    for (const [i, record] of touched.entries()) {
      assert.deepStrictEqual(
        [record.lastUsedAt, ...record.secrets.map((secret) => secret.lastUsedAt)],
        [10 * i + 2, 10 * i + 2, 10 * i + 1],
      )
    }
    assert.equal((await walkIds(a, { filter: { lastUsed: { from: 10_002, to: 11_002 } } })).length, 101)
  }),
]

export const touchRaceCases: readonly ContractCase[] = [
  caseOf.races('a disable and 50 touches: the disable and the newest use both stay', async (a, b) => {
    for (const round of range(10)) {
      const record = tokenRecord()
      await a.insert(record)
      // The uses come in an order of each round's own, and the disable among them at another place.
      const uses = range(50).map((i) => (i * 7 + round) % 50)
      const touch = (at: number, i: number) =>
        (i % 2 ? a : b).touch([{ id: record.id, gen: 1, at, ip: `192.0.2.${at}` }])
      const place = 50 - 5 * round
      const early = uses.slice(0, place).map(touch)
      const disabling = a.update(record.id, { enabled: false }, 1)
      await Promise.all([...early, disabling, ...uses.slice(place).map(touch)])
      const use = { lastUsedAt: 49, lastUsedIp: '192.0.2.49' }
      const secrets = record.secrets.map((secret) => ({ ...secret, ...use }))
      assert.deepStrictEqual(
        await b.find(record.id),
        { ...record, ...use, secrets, enabled: false, version: 2 },
        `round ${round}`,
      )
    }
  }),

  caseOf.races('a rotation and touches: the last use of the remaining secret is not lost', async (a, b) => {
    for (const _round of range(10)) {
      const record = tokenRecord()
      await a.insert(record)
      const [old] = record.secrets
      assert.ok(old)
      const secrets = [storedSecret({ gen: 2 }), { ...old, until: 9_000 }]
      const touch = (at: number) => b.touch([{ id: record.id, gen: 1, at }])
      await Promise.all([touch(1), touch(2), a.update(record.id, { secrets }, 1), touch(4), touch(3)])
      const rotated = await stored(b, record.id)
      assert.equal(rotated.lastUsedAt, 4)
      assert.deepStrictEqual(rotated.secrets, [secrets[0], { ...old, until: 9_000, lastUsedAt: 4 }])
    }
  }),

  caseOf.races('a remove and touches: the record stays removed', async (a, b) => {
    for (const round of range(25)) {
      const { id } = tokenRecord()
      await a.insert(tokenRecord({ id }))
      const touch = (at: number) => b.touch([{ id, gen: 1, at }])
      const early = round % 2 ? [touch(1), touch(2)] : []
      const [removed] = await Promise.all([a.remove(id), ...early, touch(3), a.touch([{ id, gen: 1, at: 4 }])])
      assert.equal(removed, true)
      assert.equal(await b.find(id), undefined, `round ${round}`)
    }
    const left = await page(a, { sort: { by: 'lastUsedAt', direction: 'desc' }, count: true })
    assert.deepStrictEqual(left, { records: [], totalCount: 0 })
  }),
]
