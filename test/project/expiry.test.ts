// The jobs of docs/expiry.md, day by day of a made-up clock, and as programs.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLatchkey, memoryStore, type TokenStore } from '@latchkey/core'
import { sqliteStore } from '@latchkey/store-sqlite'
import { testHasher } from '@latchkey/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { mustRun } from '../run-program.js'

const examples = join(import.meta.dirname, '../../examples')
const program = (name: string) => join(examples, `dist/expiry/${name}.js`)
const { warningsOf } = (await import(program('warn'))) as typeof import('../../examples/expiry/warn.js')
const { unusedTokens } = (await import(program('unused'))) as typeof import('../../examples/expiry/unused.js')

const DAY = 86_400_000
const BEGIN = Date.UTC(2030, 0, 1)

/** An instance whose clock stands where it is set. */
function instance(store: TokenStore = memoryStore()) {
  const clock = { now: BEGIN }
  const cache = { max: 1_000 }
  const latchkey = createLatchkey({ prefix: 'acme', store, hasher: testHasher, cache, now: () => clock.now })
  const create = (name: string, more: object = {}) =>
    latchkey.create({ name, owner: 'ada', scopes: ['reports.read'], ...more })
  return { latchkey, clock, create }
}

test('each token is warned of once for each threshold, whenever in the day the job runs', async () => {
  const { latchkey, create } = instance()
  // The first and the last moment of a day, the one before and the one after, and some between.
  for (const day of [1, 2, 7, 15, 16]) {
    for (const [name, offset] of Object.entries({ first: 0, second: 1, noon: DAY / 2, last: DAY - 1 })) {
      await create(`${name} of ${day}`, { expiresAt: BEGIN + day * DAY + offset })
    }
  }
  await create('disabled', { enabled: false, expiresAt: BEGIN + 15 * DAY })
  await create('for ever')
  const warnings = async (at: number) => {
    const found: string[] = []
    for await (const { days, token } of warningsOf(latchkey, at)) found.push(`${token.name}: ${days}`)
    return found
  }

  const all: string[] = []
  const timesOfDay = [0, DAY - 1, 1, DAY / 2]
  for (let day = 0; day <= 16; day++) {
    const at = BEGIN + day * DAY + (timesOfDay[day % timesOfDay.length] ?? 0)
    const today = await warnings(at)
    all.push(...today)
    // A run that was missed is made up for later.
    expect(await warnings(BEGIN + day * DAY)).toEqual(today)
  }
  const named = ['first', 'second', 'noon', 'last']
  const thresholds: readonly (readonly [day: number, ahead: readonly number[]])[] = [
    [1, [1]],
    [2, [1]],
    [7, [7, 1]],
    [15, [14, 7, 1]],
    [16, [14, 7, 1]],
  ]
  const expected = thresholds.flatMap(([day, ahead]) =>
    ahead.flatMap((days) => named.map((name) => `${name} of ${day}: ${days}`)),
  )
  expect(all.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(expected.toSorted((a, b) => (a < b ? -1 : 1)))
})

test('more tokens of one day than a page has', async () => {
  const { latchkey, create } = instance()
  for (let i = 0; i < 201; i++) await create(`n${i}`, { expiresAt: BEGIN + 7 * DAY + i })
  let found = 0
  for await (const { days } of warningsOf(latchkey, BEGIN)) found += days === 7 ? 1 : 0
  expect(found).toBe(201)
})

test('tokens that nobody used for 90 days, never used ones included', async () => {
  const { latchkey, clock, create } = instance()
  const used = await create('used')
  await create('never used')
  await create('disabled', { enabled: false })
  await create('expired', { expiresAt: BEGIN + 30 * DAY })
  await create('ending', { expiresAt: BEGIN + 100 * DAY })
  clock.now += DAY
  expect((await latchkey.verify(used.token)).ok).toBe(true)
  await latchkey.flush()
  await create('young')
  const unused = async (now: number) => {
    const found: string[] = []
    for await (const { name } of unusedTokens(latchkey, now)) found.push(name)
    return found
  }
  expect(await unused(BEGIN + 90 * DAY)).toEqual([])
  expect(await unused(BEGIN + 90 * DAY + 1)).toEqual(['never used', 'ending'])
  expect(await unused(BEGIN + 91 * DAY + 1)).toEqual(['used', 'never used', 'ending', 'young'])
  expect(await unused(BEGIN + 100 * DAY)).toEqual(['used', 'never used', 'young'])
})

test('both are programs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-expiry-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'tokens.sqlite')
  const store = sqliteStore({ path })
  const { latchkey, create } = instance(store)
  const { id } = await create('nightly', { expiresAt: Date.UTC(2030, 5, 8, 12) })
  await latchkey.close()
  await store.close()
  const run = (name: string, at: string) => mustRun(process.execPath, [program(name), path, at], folder)
  const token = { id, name: 'nightly', owner: 'ada' }
  const warned = { days: 7, ...token, expiresAt: '2030-06-08T12:00:00.000Z' }
  expect(await run('warn', '2030-06-01')).toBe(`${JSON.stringify(warned)}\n`)
  expect(await run('warn', '2030-06-02')).toBe('')
  expect(await run('unused', '2030-06-01')).toBe(`${JSON.stringify({ ...token, lastUse: 'never' })}\n`)
})
