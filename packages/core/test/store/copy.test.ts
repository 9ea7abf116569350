import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type CopyProgress, copyTokens, type MemoryData, memoryData, memoryStore } from '../../src/index.js'
import { MINUTE, testInstance } from '../support/instance.js'
import { outcome } from '../support/outcome.js'
import { storedRecords, testStore } from '../support/store.js'

const FOREIGN = [{ name: 'plain', match: /^k[0-9]+$/ }]

/** All records, in an order that does not depend on when they were stored. */
async function byId(data: MemoryData) {
  return (await storedRecords(data)).toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

/** Two sets of data, and an instance on each. */
function twoStores() {
  const [from, to] = [memoryData(), memoryData()]
  const before = testInstance({ data: from, foreign: FOREIGN })
  return {
    ...{ from, to, before, copy: (options = {}) => copyTokens(memoryStore(from), memoryStore(to), options) },
    after: () => testInstance({ data: to, foreign: FOREIGN, clock: before.clock }),
  }
}

describe('copyTokens', () => {
  test('takes every token over, with hashes, versions, last uses and the sealing key', async () => {
    const { from, to, before, after, copy } = twoStores()
    const { latchkey, clock } = before
    const sha256 = createHash('sha256').update('k1').digest('hex')
    await latchkey.importTokens([{ name: 'n', owner: 'o', scopes: ['a'], sha256 }])
    const [first, second] = [await before.create({ metadata: { a: 1 } }), await before.create()]
    const rotated = await latchkey.rotate(first.id, { previousExpiresAt: clock.now + MINUTE })
    await latchkey.update(second.id, { enabled: false })
    for (const text of ['k1', first.token, rotated.token]) await latchkey.verify(text, { ip: '192.0.2.1' })
    await latchkey.flush()
    expect(await copy()).toEqual({ copied: 3, updated: 0, unchanged: 0, removed: 0, total: 3, damaged: [] })
    expect(await byId(to)).toEqual(await byId(from))
    const moved = after().latchkey
    const texts = ['k1', first.token, rotated.token, second.token]
    for (const text of texts) expect(outcome(await moved.verify(text))).toBe(outcome(await latchkey.verify(text)))
    const { nextCursor = '' } = await moved.list({ limit: 2 })
    expect((await moved.list({ cursor: nextCursor })).tokens).toHaveLength(1)
  })

  test('can be run again, and takes over what has changed since', async () => {
    const { from, to, before, copy } = twoStores()
    const { latchkey } = before
    const [changed, used] = [await before.create(), await before.create()]
    await copy()
    const rotated = await latchkey.rotate(changed.id)
    await latchkey.update(changed.id, { name: 'new' })
    await latchkey.verify(used.token)
    await latchkey.flush()
    await before.create()
    expect(await copy()).toMatchObject({ copied: 1, updated: 1, unchanged: 1 })
    expect(await byId(to)).toEqual(await byId(from))
    await latchkey.verify(rotated.token)
    await latchkey.flush()
    expect(await copy()).toMatchObject({ copied: 0, updated: 0, unchanged: 3 })
    expect(await byId(to)).toEqual(await byId(from))
  })

  test('does not keep a token alive that was deleted meanwhile', async () => {
    const { to, before, copy } = twoStores()
    const [{ id }] = [await before.create(), await before.create()]
    await copy()
    await before.latchkey.delete(id)
    await expect(copy()).rejects.toMatchObject({
      code: 'ERR_CONFLICT',
      message: expect.stringContaining('prune: true'),
    })
    expect(await copy({ prune: true })).toMatchObject({ unchanged: 1, removed: 1 })
    expect(await storedRecords(to)).toHaveLength(1)
  })

  test('refuses a target with a sealing key of its own, and tokens that were changed there', async () => {
    const { to, before, after, copy } = twoStores()
    const { id } = await before.create()
    await copy()
    await after().latchkey.update(id, { name: 'other' })
    await expect(copy()).rejects.toThrow(`The token ${id} was changed in the target`)
    const other = memoryData()
    await memoryStore(other).open('default')
    await expect(copyTokens(memoryStore(to), memoryStore(other))).rejects.toThrow('a sealing key of its own')
    expect(await storedRecords(other)).toEqual([])
  })

  test('compares a sample in the end', async () => {
    const { from, before } = twoStores()
    const { id } = await before.create()
    const target = testStore(memoryData(), (opened) => ({
      // It loses what it is told to disable.
      insert: (record) => opened.insert({ ...record, enabled: true }),
    }))
    await before.latchkey.update(id, { enabled: false })
    await expect(copyTokens(memoryStore(from), target)).rejects.toThrow(`The token ${id} differs`)
  })

  test('copies one environment, tells of its progress, and can be stopped and run again', async () => {
    const [from, to] = [memoryData(), memoryData()]
    const eu = testInstance({ data: from, environment: 'eu' })
    for (let i = 0; i < 1_100; i++) await eu.create()
    await testInstance({ data: from }).create()
    const progress: CopyProgress[] = []
    const stop = new AbortController()
    const onProgress = (done: CopyProgress) => {
      progress.push(done)
      stop.abort(new Error('enough'))
    }
    const copy = (options = {}) => copyTokens(memoryStore(from), memoryStore(to), { environment: 'eu', ...options })
    await expect(copy({ onProgress, signal: stop.signal })).rejects.toThrow('enough')
    expect(progress).toEqual([{ copied: 1_000, updated: 0, unchanged: 0, removed: 0, total: 1_100 }])
    expect(await copy()).toMatchObject({ copied: 100, unchanged: 1_000, total: 1_100 })
    expect(await storedRecords(to)).toEqual([])
    expect(await storedRecords(to, 'eu')).toHaveLength(1_100)
  })

  const store = memoryStore()
  const misused: [string, unknown[], string][] = [
    ['a path', ['tokens.db', store], 'copyTokens from must be a token store'],
    ['nothing', [store, undefined], 'copyTokens to must be a token store'],
    ['the same store twice', [store, store], 'must be another store'],
    ['an unknown option', [store, memoryStore(), { dryRun: true }], 'copyTokens.dryRun is not an option'],
    ['an environment of blanks', [store, memoryStore(), { environment: ' ' }], 'environment must be'],
    ['a prune that is a text', [store, memoryStore(), { prune: 'yes' }], 'copyTokens.prune must be true or false'],
    ['a signal that is none', [store, memoryStore(), { signal: 1 }], 'copyTokens.signal must be an AbortSignal'],
    [
      'an onProgress that is none',
      [store, memoryStore(), { onProgress: 1 }],
      'copyTokens.onProgress must be a function',
    ],
  ]

  test.each(misused)('refuses %s', async (_, args, sentence) => {
    const call = copyTokens(...(args as Parameters<typeof copyTokens>))
    await expect(call).rejects.toMatchObject({ code: 'ERR_OPTION', message: expect.stringContaining(sentence) })
  })
})
