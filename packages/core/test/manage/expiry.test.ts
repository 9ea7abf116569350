import { describe, expect, test } from 'vitest'
import { type Latchkey, RequestError } from '../../src/index.js'
import { DAY, NOW, testInstance } from '../support/instance.js'

/** At which moments every operation is tried on a token with the given expiry. */
const STATES = [
  { state: 'no expiry', expiresAt: undefined, at: NOW + 100 * DAY, dead: false },
  { state: 'expired', expiresAt: NOW + DAY, at: NOW + 2 * DAY, dead: true },
  { state: 'exactly now', expiresAt: NOW + DAY, at: NOW + DAY, dead: true },
  { state: 'one millisecond left', expiresAt: NOW + DAY, at: NOW + DAY - 1, dead: false },
  { state: 'far future', expiresAt: 253_402_300_799_999, at: NOW + DAY, dead: false },
] as const

type Outcome = 'done' | 'refused' | string

/** What each operation comes to, on a token that lives and on one that is dead. */
const OPERATION_ROUTES: readonly {
  name: string
  run: (latchkey: Latchkey, id: string, token: string) => Promise<unknown>
  alive: Outcome
  dead: Outcome
}[] = [
  { name: 'verify', run: async (l, _, token) => (await l.verify(token)).ok, alive: 'true', dead: 'false' },
  { name: 'get', run: async (l, id) => (await l.get(id)).id.length, alive: '27', dead: '27' },
  { name: 'list', run: async (l) => (await l.list()).totalCount, alive: '1', dead: '1' },
  { name: 'lookup', run: async (l, _, token) => (await l.lookup(token)).name, alive: 'n', dead: 'n' },
  { name: 'update', run: async (l, id) => (await l.update(id, { name: 'm' })).name, alive: 'm', dead: 'm' },
  {
    name: 'disable',
    run: async (l, id) => (await l.update(id, { enabled: false })).enabled,
    alive: 'false',
    dead: 'false',
  },
  { name: 'rotate', run: async (l, id) => (await l.rotate(id)).id.length, alive: '27', dead: 'ERR_STATE' },
  {
    name: 'rotate and renew',
    run: async (l, id) => (await l.rotate(id, { expiresAt: 'now+9d' })).id.length,
    alive: '27',
    dead: 'ERR_STATE',
  },
  { name: 'finish', run: (l, id) => l.finishRotation(id), alive: 'ERR_STATE', dead: 'ERR_STATE' },
  { name: 'cancel', run: (l, id) => l.cancelRotation(id), alive: 'ERR_STATE', dead: 'ERR_STATE' },
  { name: 'delete by id', run: (l, id) => l.delete(id), alive: 'undefined', dead: 'undefined' },
  { name: 'delete by token', run: (l, _, token) => l.delete(token), alive: 'undefined', dead: 'undefined' },
  { name: 'revoke', run: (l, _, token) => l.revoke(token), alive: 'true', dead: 'true' },
]

describe.each(OPERATION_ROUTES)('$name', ({ run, alive, dead: whenDead }) => {
  test.each(STATES)('$state', async ({ expiresAt, at, dead }) => {
    const { latchkey, clock, records } = testInstance()
    const { id, token } = await latchkey.create({ name: 'n', owner: 'ada', scopes: ['a'], expiresAt })
    // Known to the cache already: what counts is the clock.
    expect((await latchkey.verify(token)).ok).toBe(true)
    clock.now = at
    const outcome = await run(latchkey, id, token).catch((error: unknown) => {
      if (error instanceof RequestError) return error.code
      throw error
    })
    expect(String(outcome)).toBe(dead ? whenDead : alive)
    // Whatever was done, a dead token is not alive after it.
    expect((await latchkey.verify(token)).ok && dead).toBe(false)
    const [record] = await records()
    if (dead && record !== undefined) expect(record.expiresAt).toBe(expiresAt)
  })
})
