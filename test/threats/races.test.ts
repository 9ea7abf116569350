// What happens at the same moment, many times on each store, at two nodes where there can be two.
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import { LONG } from '../long.js'
import { type Node, STORES, useBarrier, useNodes } from './nodes.js'

const ROUNDS = LONG ? 500 : 60
/** So many rounds run side by side: nodes answer many callers at once. */
const LANES = 10

interface Issued {
  readonly id: string
  readonly token: string
}

async function issue({ call, admin }: Node, more: object = {}): Promise<Issued> {
  const reply = await call('POST', '/tokens', admin, { body: { name: 'racer', scopes: ['reports.read'], ...more } })
  expect(reply.status).toBe(201)
  return reply.json()
}

async function show({ call, admin }: Node, id: string): Promise<Record<string, unknown> | undefined> {
  const reply = await call('GET', `/tokens/${id}`, admin)
  return reply.status === 404 ? undefined : reply.json()
}

async function use({ call }: Node, token: string): Promise<number> {
  return (await call('GET', '/reports.read', token)).status
}

async function rounds(run: (round: number) => Promise<void>): Promise<void> {
  const lane = async (first: number) => {
    for (let round = first; round < ROUNDS; round += LANES) await run(round)
  }
  await Promise.all(Array.from({ length: LANES }, (_, first) => lane(first)))
}

/** Asks again until it holds; patient, since ten lanes may keep a machine busy. */
async function soon(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Not in time: ${what}`)
  }
}

describe.each(STORES)('on $name', { timeout: 300_000 }, (store) => {
  const barrier = useBarrier()
  const nodes = useNodes(store, store.shared ? { barrier } : {})

  test('7 uses on their way undo no disabling, deletion or update, and touch nothing but last uses', async () => {
    const [here, there] = nodes()
    const deleted: string[] = []
    await rounds(async (round) => {
      const { id, token } = await issue(here)
      const path = `/tokens/${id}`
      const { name, modifiedDate: _, ...before } = (await show(here, id)) ?? {}
      expect(name).toBe('racer')
      // A use of one node waits to be written, or is being written, when the other changes the token.
      expect(await use(there, token)).toBe(200)
      const early = [use(here, token), use(there, token)]
      if (round % 2 === 0) await Promise.all(early)
      const change = [
        () => here.call('PUT', path, here.admin, { body: { enabled: false } }),
        () => here.call('DELETE', path, here.admin),
        () => here.call('PUT', path, here.admin, { body: { name: 'renamed' } }),
      ][round % 3]
      const [changed] = await Promise.all([change?.(), use(there, token), use(here, token), use(there, token)])
      expect(changed?.status).toBe(204)
      await Promise.all(early)
      if (round % 3 !== 2) expect(await use(here, token)).toBe(401)
      let shown = await show(there, id)
      if (round % 3 === 1) {
        expect(shown).toBeUndefined()
        deleted.push(id)
        return
      }
      await soon('a use is written', async () => {
        shown = await show(there, id)
        return shown?.lastUsedDate !== undefined
      })
      const { lastUsedDate, lastUsedIpAddress, modifiedDate, ...after } = shown ?? {}
      expect(lastUsedIpAddress).toBe('127.0.0.1')
      const now = round % 3 === 0 ? { name: 'racer', enabled: false } : { name: 'renamed' }
      expect(after).toEqual({ ...before, ...now })
      expect(modifiedDate === undefined).toBe(round % 3 === 0)
    })
    // By now whatever was on its way has arrived.
    for (const id of deleted) expect(await show(here, id)).toBeUndefined()
  })

  test('17 of two rotations at the same moment one wins; beside a disabling or deletion none revives the token', async () => {
    const [here, there] = nodes()
    let lost = 0
    await rounds(async (round) => {
      const { id, token } = await issue(here)
      const path = `/tokens/${id}`
      if (round % 2 === 0) expect(await use(there, token)).toBe(200)
      // One lets the old secret live on; judged by a record from before the other, it would revive it.
      const overlap = round % 6 === 3
      // Both have read the token before either writes: so one must lose.
      if (store.shared && round % 6 === 0) barrier.hold(id)
      const rotations = [
        here.call('POST', `${path}/rotate`, here.admin),
        there.call('POST', `${path}/rotate`, there.admin, {
          ...(overlap && { body: { previousSecretExpirationDate: 'now+1h' } }),
        }),
      ]
      const end = [
        undefined,
        () => here.call('PUT', path, here.admin, { body: { enabled: false } }),
        () => here.call('DELETE', path, here.admin),
      ][round % 3]
      const ended = end?.()
      const replies = await Promise.all(rotations)
      for (const { status } of replies) expect([200, 400, 404, 409]).toContain(status)
      if (end === undefined) lost += replies.filter(({ status }) => status === 409).length
      const fresh = replies.flatMap((reply) => (reply.status === 200 ? [reply.json<Issued>().token] : []))
      if (ended !== undefined) {
        expect((await ended).status).toBe(204)
        for (const secret of [token, ...fresh]) expect(await use(here, secret)).toBe(401)
        expect((await show(there, id))?.enabled).toBe(round % 3 === 1 ? false : undefined)
        return
      }
      // They may also have come one after the other; the last one's secret is the one that lives.
      expect(fresh.length).toBeGreaterThan(0)
      if (overlap) {
        const expected = [replies[0]?.status === 200 ? 401 : 200, 200]
        for (const node of [here, there]) {
          await soon('what a rotation without overlap ended is dead', async () => {
            const statuses = await Promise.all([token, fresh[0] ?? ''].map((secret) => use(node, secret)))
            return isDeepStrictEqual(statuses, expected)
          })
        }
        return
      }
      expect(await use(here, token)).toBe(401)
      for (const node of [here, there]) {
        await soon('exactly one secret lives', async () => {
          const statuses = await Promise.all([token, ...fresh].map((secret) => use(node, secret)))
          return statuses[0] === 401 && statuses.filter((status) => status === 200).length === 1
        })
      }
    })
    // In one process, on a store in its memory, one is done before the other begins.
    expect(lost > 0).toBe(store.shared)
  })
})
