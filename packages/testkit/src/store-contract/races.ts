import assert from 'node:assert/strict'
import type { EnvironmentStore, ListSort, TokenRecord } from '@latchkey/core/store'
import { fullTokenRecord, type Random, randomInt, randomItem, seededRandom, tokenId, tokenRecord } from '../fixtures.js'
import { type ContractCase, caseOf, connections, ENVIRONMENT } from './contract-case.js'
import {
  ALL_SORTS,
  assertIdsOf,
  describeSort,
  insertAll,
  page,
  range,
  stored,
  valuesOf,
  walk,
  walkIds,
  winners,
} from './helpers.js'

/** Of the walk under churn: how many records there are, and how many of them a page holds. */
const RECORDS = 400
const PAGE = 40

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
    const gone = records.filter((_, i) => extended[i] === undefined)
    assertIdsOf(purged, gone)
  }),

  caseOf.races('racing purges name every record once', async (a, b) => {
    const records = range(200).map(() => tokenRecord({ expiresAt: 10 }))
    await insertAll(a, records)
    const purged = await Promise.all([a.purge(11), b.purge(11), a.purge(11), b.purge(11)])
    assertIdsOf(purged.flat(), records)
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

  caseOf.races('a walk under churn lists every token that stays exactly once, in every order', async (a, b) => {
    const random = seededRandom(99)
    const records = range(RECORDS).map(() => randomRecord(random))
    await insertAll(a, records)
    const versions = new Map(records.map(({ id }) => [id, 1]))
    for (const sort of ALL_SORTS) {
      const what = describeSort(sort)
      const atStart = new Set(versions.keys())
      const { seen, moved } = await walkUnderChurn(a, b, versions, sort, random)
      for (const id of versions.keys()) {
        if (atStart.has(id) && !moved.has(id)) assert.equal(seen.get(id), 1, `${what}: ${id} stays and is seen once`)
      }
      for (const [id, times] of seen) assert.ok(times === 1 || moved.has(id), `${what}: ${id} is seen ${times} times`)
      const left = await walkIds(b, { sort, limit: 1_000 })
      assert.equal(left.length, versions.size, `${what}: what is left afterwards`)
      assert.deepStrictEqual(new Set(left), new Set(versions.keys()), `${what}: what is left afterwards`)
    }
  }),
]

/** Reads page after page by `b` while `a` changes things; keeps `versions`, the ids that must be stored, up to date. */
async function walkUnderChurn(
  a: EnvironmentStore,
  b: EnvironmentStore,
  versions: Map<string, number>,
  sort: ListSort,
  random: Random,
): Promise<{ seen: Map<string, number>; moved: Set<string> }> {
  const seen = new Map<string, number>()
  /** Those whose own sort value changed: they may be seen once, twice or not at all. */
  const moved = new Set<string>()
  let after: string | undefined
  let lastSeen: string | undefined
  let pages = 0
  do {
    const changes = chooseChanges(versions, lastSeen, random)
    if (sort.by === 'lastUsedAt') for (const id of changes.touched) moved.add(id)
    if (sort.by !== 'lastUsedAt' && sort.by !== 'createdAt') for (const id of changes.updated) moved.add(id)
    const early = changes.writes.filter((_, i) => i % 2 === 0).map((write) => write(a))
    const listing = page(b, { sort, limit: PAGE, after })
    const late = changes.writes.filter((_, i) => i % 2 === 1).map((write) => write(a))
    const [{ records, next }] = await Promise.all([listing, ...early, ...late])
    pages++
    assert.ok(pages < 100, `${describeSort(sort)}: the walk comes to an end`)
    for (const { id } of records) seen.set(id, (seen.get(id) ?? 0) + 1)
    lastSeen = records.at(-1)?.id
    after = next
  } while (after !== undefined)
  return { seen, moved }
}

/** A round of writes to different records; the one that the position points at is among the removed. */
function chooseChanges(versions: Map<string, number>, lastSeen: string | undefined, random: Random) {
  const ids = [...versions.keys()]
  const chosen = new Set<string>(lastSeen !== undefined && versions.has(lastSeen) ? [lastSeen] : [])
  while (chosen.size < 20) chosen.add(randomItem(ids, random))
  const [removed, updated, touched] = [[...chosen].slice(0, 4), [...chosen].slice(4, 10), [...chosen].slice(10)]
  const writes: ((store: EnvironmentStore) => Promise<unknown>)[] = []
  for (const id of removed) {
    versions.delete(id)
    writes.push(async (store) => assert.equal(await store.remove(id), true))
  }
  for (const id of updated) {
    const { name, modifiedAt = null, expiresAt = null } = randomRecord(random)
    const version = versions.get(id) ?? 0
    versions.set(id, version + 1)
    writes.push(async (store) => assert.ok(await store.update(id, { name, modifiedAt, expiresAt }, version)))
  }
  writes.push((store) => store.touch(touched.map((id) => ({ id, gen: 1, at: randomInt(2_000, random) }))))
  for (const _ of range(4)) {
    const record = randomRecord(random)
    versions.set(record.id, 1)
    writes.push((store) => store.insert(record))
  }
  return { writes, updated, touched }
}

/** Few sort values, many of them absent, so that most page borders lie inside ties. */
function randomRecord(random: Random): TokenRecord {
  const record = tokenRecord({ name: `name ${randomInt(12, random)}`, createdAt: randomInt(12, random) }, random)
  for (const member of ['expiresAt', 'modifiedAt', 'lastUsedAt'] as const) {
    if (random() < 0.6) record[member] = randomInt(1_000, random)
  }
  return record
}
