import assert from 'node:assert/strict'
import { storedSecret, tokenRecord } from '../fixtures.js'
import { type ContractCase, caseOf } from './contract-case.js'
import { page, range, stored } from './helpers.js'

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
