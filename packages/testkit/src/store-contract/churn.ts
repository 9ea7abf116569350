import assert from 'node:assert/strict'
import type { EnvironmentStore, ListSort, TokenRecord } from '@latchkey/core/store'
import { type Random, randomInt, randomItem, seededRandom, tokenRecord } from '../fixtures.js'
import { type ContractCase, caseOf } from './contract-case.js'
import { ALL_SORTS, describeSort, insertAll, page, range, walkIds } from './helpers.js'

const RECORDS = 1_000
const PAGE = 50

export const churnCases: readonly ContractCase[] = [
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
