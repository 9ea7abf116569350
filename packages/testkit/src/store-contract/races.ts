import assert from 'node:assert/strict'
import { fullTokenRecord, tokenId, tokenRecord } from '../fixtures.js'
import { type ContractCase, caseOf, connections, ENVIRONMENT } from './contract-case.js'
import { insertAll, page, range, stored, valuesOf, walk, walkIds, winners } from './helpers.js'

export const raceCases: readonly ContractCase[] = [
  caseOf.races('exactly one of 40 racing inserts of one id succeeds', async (a, b) => {
    for (const round of range(5)) {
      const id = tokenId()
      const names = await winners(
        range(40).map(async (i) => {
          await (i % 2 ? a : b).insert(tokenRecord({ id, name: `racer ${i}`, owner: `round ${round}` }))
          return `racer ${i}`
        }),
      )
      assert.equal(names.length, 1)
      const listed = await walk(a, { filter: { owner: `round ${round}` } })
      assert.deepStrictEqual(valuesOf(listed, 'name'), names)
      assert.equal((await stored(b, id)).name, names[0])
    }
  }),

  caseOf.races('exactly one of 20 racing inserts of one public part under many prefixes succeeds', async (a, b) => {
    const publicPart = tokenId().slice(3)
    const ids = await winners(
      range(20).map(async (i) => {
        const id = `prefix${i}.${publicPart}`
        await (i % 2 ? a : b).insert(tokenRecord({ id }))
        return id
      }),
    )
    assert.equal(ids.length, 1)
    assert.deepStrictEqual(await walkIds(a), ids)
  }),

  caseOf.races('exactly one of 40 racing updates at one version succeeds', async (a, b) => {
    const { id } = fullTokenRecord()
    await a.insert(fullTokenRecord({ id }))
    for (const version of range(5).map((i) => i + 1)) {
      const won = await winners(range(40).map((i) => (i % 2 ? a : b).update(id, { name: `racer ${i}` }, version)))
      assert.equal(won.length, 1)
      assert.equal(won[0]?.version, version + 1)
      assert.deepStrictEqual(await stored(a, id), won[0])
    }
  }),

  caseOf.races('exactly one of 40 racing removes resolves to true, with and without expectedVersion', async (a, b) => {
    for (const expected of [[], [1]] as const) {
      for (const _round of range(5)) {
        const record = tokenRecord()
        await a.insert(record)
        const outcomes = await Promise.all(range(40).map((i) => (i % 2 ? a : b).remove(record.id, ...expected)))
        assert.equal(outcomes.filter(Boolean).length, 1)
      }
    }
  }),

  caseOf.races('an update is atomic: readers see all of a patch or nothing', async (a, b) => {
    const { id } = tokenRecord()
    await a.insert(tokenRecord({ id, name: '1', metadata: { n: '1' }, scopes: ['1'], modifiedAt: 1, rotatedAt: 1 }))
    for (const version of range(30).map((i) => i + 1)) {
      const n = String(version + 1)
      const patch = { name: n, metadata: { n }, scopes: [n], modifiedAt: version + 1, rotatedAt: version + 1 }
      // Reads start before the update and after it, and several one after another, to meet it at any moment.
      const reading = async () => {
        const seen = [await b.find(id), await a.find(id), await b.find(id)]
        return [...seen, ...(await page(b, { limit: 1 })).records]
      }
      const early = [reading(), reading()]
      const updating = a.update(id, patch, version)
      const [, ...reads] = await Promise.all([updating, ...early, reading(), reading()])
      for (const seen of reads.flat()) {
        assert.ok(seen)
        const { name, metadata, scopes, modifiedAt, rotatedAt } = seen
        const numbers = [metadata?.n, ...scopes, modifiedAt, rotatedAt, seen.version].map(String)
        assert.deepStrictEqual([...new Set(numbers)], [name])
      }
    }
  }),

  caseOf.races('an update and a remove at one version: exactly one wins', async (a, b) => {
    for (const round of range(25)) {
      const { id } = tokenRecord()
      await a.insert(tokenRecord({ id }))
      const update = a.update(id, { name: 'updated' }, 1)
      const [updated, removed] = await Promise.allSettled([update, b.remove(id, 1)])
      if (updated.status === 'fulfilled' && updated.value) {
        assert.equal(removed.status, 'rejected', `round ${round}: a remove of a version that is gone`)
        assert.equal((await stored(b, id)).name, 'updated')
      } else {
        assert.deepStrictEqual(removed, { status: 'fulfilled', value: true })
        assert.equal(await a.find(id), undefined, `round ${round}: an update brings nothing back`)
      }
    }
  }),

  caseOf.races('an update and a remove at any version: the record stays removed', async (a, b) => {
    for (const round of range(25)) {
      const { id } = tokenRecord()
      await a.insert(tokenRecord({ id }))
      const writes = [() => a.update(id, { name: 'updated' }, 1), () => b.remove(id)]
      await Promise.all((round % 2 ? writes : writes.toReversed()).map((write) => write()))
      assert.equal(await a.find(id), undefined, `round ${round}`)
    }
  }),

  caseOf.races('a purge and extensions: an acknowledged extension is not purged', async (a, b) => {
    const records = range(100).map(() => tokenRecord({ expiresAt: 10 }))
    await insertAll(a, records)
    const extend = ({ id }: { id: string }) => a.update(id, { expiresAt: 100_000 }, 1)
    const early = records.slice(0, 50).map(extend)
    const purging = b.purge(1_000)
    const late = records.slice(50).map(extend)
    const [purged, ...extended] = await Promise.all([purging, ...early, ...late])
    for (const [i, { id }] of records.entries()) assert.deepStrictEqual(await b.find(id), extended[i])
    assert.equal(purged, extended.filter((record) => !record).length)
  }),

  caseOf.races('racing purges count every record once', async (a, b) => {
    const records = range(200).map(() => tokenRecord({ expiresAt: 10 }))
    await insertAll(a, records)
    const counts = await Promise.all([a.purge(11), b.purge(11), a.purge(11), b.purge(11)])
    const total = counts.reduce((sum, count) => sum + count, 0)
    assert.equal(total, 200)
  }),

  connections('races', 'concurrent writes to one id in two environments do not affect each other', async (connect) => {
    const [a, b] = [await connect(), await connect()]
    const [eu, us] = [await a.open(ENVIRONMENT), await b.open('us')]
    const { id } = tokenRecord()
    await Promise.all([eu.insert(tokenRecord({ id, name: 'eu' })), us.insert(tokenRecord({ id, name: 'us' }))])
    const at = (i: number) => ({ id, gen: 1, at: i })
    await Promise.all(range(20).flatMap((i) => [eu.touch([at(i)]), us.touch([at(1_000 + i)])]))
    const updates = await Promise.all([eu.update(id, { enabled: false }, 1), us.update(id, { scopes: ['x'] }, 1)])
    assert.deepStrictEqual([updates[0]?.version, updates[1]?.version], [2, 2])
    const inEu = await stored(eu, id)
    assert.deepStrictEqual([inEu.name, inEu.enabled, inEu.lastUsedAt], ['eu', false, 19])
    const inUs = await stored(us, id)
    assert.deepStrictEqual([inUs.name, inUs.enabled, inUs.lastUsedAt], ['us', true, 1_019])
    assert.deepStrictEqual(await Promise.all([eu.remove(id), us.find(id).then((record) => record?.id)]), [true, id])
  }),
]
