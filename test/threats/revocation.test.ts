// What is taken back stays taken back: at once here, within the bound elsewhere, whatever is cached.
import { randomUUID } from 'node:crypto'
import { createLatchkey, memoryStore } from '@latchkey/core'
import type { TokenUse } from '@latchkey/core/store'
import { testHasher } from '@latchkey/testkit'
import { describe, expect, test } from 'vitest'
import { alter, forge } from './client.js'
import { type Node, STORES, useNodes } from './nodes.js'
import { FRAMEWORKS, type Scene, scene } from './scene.js'

/** Ways in which a token stops being good for `/reports.read`, with the answer from then on. */
const CHANGES: readonly {
  name: string
  refusal: number
  change(node: Node, id: string): Promise<{ status: number }>
}[] = [
  { name: 'deleted', refusal: 401, change: ({ call, admin }, id) => call('DELETE', `/tokens/${id}`, admin) },
  put('disabled', 401, { enabled: false }),
  { name: 'rotated', refusal: 401, change: ({ call, admin }, id) => call('POST', `/tokens/${id}/rotate`, admin) },
  put('narrowed in scope', 403, { scopes: ['logs.read'] }),
  put('narrowed in network', 403, { allowedCIDRBlocks: ['192.0.2.0/24'] }),
]

function put(name: string, refusal: number, body: object) {
  const change = ({ call, admin }: Node, id: string) => call('PUT', `/tokens/${id}`, admin, { body })
  return { name, refusal, change }
}

interface Made {
  readonly id: string
  readonly token: string
}

async function create({ call, admin }: Node): Promise<Made> {
  return (await call('POST', '/tokens', admin, { body: { name: 'made', scopes: ['reports.read'] } })).json<Made>()
}

/** A key of another system, which the nodes imported when they started. */
async function findImported({ call, admin }: Node, key: string): Promise<Made> {
  const found = await call('POST', '/tokens/lookup', admin, { body: { token: key } })
  return { id: found.json<{ id: string }>().id, token: key }
}

const TRIALS = STORES.filter(({ shared }) => shared).flatMap((store) => [
  { store, name: store.name, line: 'the invalidation channel at work', ttl: 60_000, deaf: false, bound: 1_000 },
  { store, name: store.name, line: 'the invalidation channel down', ttl: 400, deaf: true, bound: 400 },
])

describe.each(TRIALS)('with two processes on $name, $line', { timeout: 120_000 }, (trial) => {
  const nodes = useNodes(trial.store, trial)

  test('5 what is taken back is refused at once there and within the bound elsewhere', async () => {
    const [here, there] = nodes()
    const directions = [
      [here, there],
      [there, here],
    ] as const
    // Side by side: where no word of a change arrives, each waits for the bound.
    const imported = CHANGES.filter(({ refusal }) => refusal === 401)
    const kinds = [
      ...CHANGES.map((kind) => ({ ...kind, make: create })),
      ...imported.map((kind) => ({ ...kind, name: `${kind.name}, imported`, make: findImported })),
    ]
    const trials = kinds.flatMap(({ name, refusal, change, make }, kind) =>
      directions.map(async ([actor, other], direction) => {
        const { id, token } = await make(actor, `legacy_${kind}_${direction}`)
        const use = async (node: Node) => (await node.call('GET', '/reports.read', token)).status
        // Twice: the second is a verdict of the cache.
        for (const node of [actor, actor, other, other]) expect([name, await use(node)]).toEqual([name, 200])

        expect((await change(actor, id)).status).toBeLessThan(300)
        const changed = performance.now()
        expect([name, await use(actor)]).toEqual([name, refusal])
        for (;;) {
          const asked = performance.now()
          const status = await use(other)
          if (status === refusal) break
          expect([name, status]).toEqual([name, 200])
          expect(asked - changed).toBeLessThanOrEqual(trial.bound + 2)
        }
        expect(await use(other)).toBe(refusal)
      }),
    )
    await Promise.all(trials)
  })
})

describe.each(FRAMEWORKS)('on %s', (framework) => {
  const HOUR = 3_600_000

  test('6 every way to take a token back works for tokens without expiry, past it, exactly at it, and far from it', async () => {
    const host = await scene(framework)
    const { call, clock, issue } = host
    const admin = (await issue({ scopes: ['*'] })).token
    const expiries = [
      { name: 'none', expiresAt: undefined, wait: 0, alive: true },
      { name: 'past', expiresAt: HOUR, wait: HOUR + 1, alive: false },
      { name: 'exactly now', expiresAt: HOUR, wait: HOUR, alive: false },
      { name: 'in a moment', expiresAt: HOUR, wait: HOUR - 1, alive: true },
      { name: 'far future', expiresAt: 1_000_000 * HOUR, wait: HOUR, alive: true },
    ]
    for (const { name, expiresAt, wait, alive } of expiries) {
      for (const [deed, act] of Object.entries(deeds(host, admin))) {
        const issued = await issue(expiresAt === undefined ? {} : { expiresAt: clock.at + expiresAt })
        const use = async () => (await call('GET', '/reports.read', issued.token)).status
        expect(await use()).toBe(200)
        clock.at += wait
        expect([name, deed, await use()]).toEqual([name, deed, alive ? 200 : 401])
        const status = await act(issued)
        const refused =
          deed === 'rotate' || deed === 'rotate with a new expiry' ? 400 : deed === 'delete self' ? 401 : 204
        expect([name, deed, status]).toEqual([name, deed, alive ? (deed.startsWith('rotate') ? 200 : 204) : refused])
        expect([name, deed, await use()]).toEqual([name, deed, 401])
      }
    }
  })

  test('8 a cached verdict belongs to the whole presented token: no other secret of the same id hits it', async () => {
    const { call, issue, latchkey } = await scene(framework)
    const { id, token } = await issue()
    const use = async (presented: string) => (await call('GET', '/reports.read', presented)).status
    expect([await use(token), await use(token)]).toEqual([200, 200])
    const others = [forge(id), forge(id), ...Array.from({ length: 57 }, (_, index) => alter(token, index))]
    for (const other of others) {
      expect(await use(other)).toBe(401)
      expect(await use(token)).toBe(200)
    }
    // Nor does one that was current before, or another token's.
    const rotated = await latchkey.rotate(id)
    expect([await use(rotated.token), await use(token), await use(rotated.token)]).toEqual([200, 401, 200])
    expect(await use(`${id}.${(await issue()).token.slice(-64)}`)).toBe(401)
  })

  test('17 rotating a disabled, deleted or expired token fails, also one that expires while its new hash is made', async () => {
    let gate = Promise.resolve()
    let arrived = () => {}
    const hash = async (secret: string) => {
      arrived()
      await gate
      return testHasher.hash(secret)
    }
    const { call, clock, issue, latchkey } = await scene(framework, { hasher: { ...testHasher, hash } })
    const admin = (await issue({ scopes: ['*'] })).token
    const body = { expirationDate: 'now+1d' }
    const rotate = ({ id }: { id: string }) => call('POST', `/tokens/${id}/rotate`, admin, { body })
    const use = async ({ token }: { token: string }) => (await call('GET', '/reports.read', token)).status

    const disabled = await issue({ enabled: false })
    const expired = await issue({ expiresAt: clock.at + 1 })
    const gone = await issue()
    await latchkey.delete(gone.id)
    const dying = await issue({ expiresAt: clock.at + 1_000 })
    clock.at += 1
    expect([(await rotate(disabled)).status, (await rotate(expired)).status]).toEqual([400, 400])
    expect((await rotate(gone)).status).toBe(404)

    let open = () => {}
    gate = new Promise((resolve) => {
      open = resolve
    })
    const hashing = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const late = rotate(dying)
    await hashing
    clock.at += 1_000
    open()
    expect((await late).status).toBe(400)
    for (const dead of [disabled, expired, gone, dying]) expect(await use(dead)).toBe(401)
  })

  test('18 a token is unknown in every other environment and store, also right after it was used in its own', async () => {
    const store = memoryStore()
    const environment = () => createLatchkey({ prefix: 'acme', environment: randomUUID(), store, hasher: testHasher })
    const places = {
      red: environment(),
      blue: environment(),
      elsewhere: createLatchkey({ prefix: 'acme', store: memoryStore(), hasher: testHasher }),
    }
    const choose = (name: unknown) => Object.entries(places).find(([place]) => place === name)?.[1]
    const { call } = await scene(framework, {}, { choose: (request, own) => choose(request.headers['x-place']) ?? own })
    const ask = async (place: string, path: string, token: string) =>
      (await call('GET', path, token, { headers: ['X-Place', place] })).status
    for (const [home, latchkey] of Object.entries(places)) {
      const { id, token } = await latchkey.create({ name: home, owner: 'alice', scopes: ['*'] })
      for (const path of ['/reports.read', '/tokens', `/tokens/${id}`, '/tokens/self']) {
        for (const place of Object.keys(places)) {
          for (let round = 0; round < 2; round++) {
            expect([home, place, await ask(home, path, token)]).toEqual([home, place, 200])
            expect([home, place, await ask(place, path, token)]).toEqual([home, place, place === home ? 200 : 401])
          }
        }
      }
    }
    await Promise.all(Object.values(places).map((latchkey) => latchkey.close()))
  })

  test('19 every hit of the cache is judged anew: expiry to the millisecond, scopes, address, age by a clock set back', async () => {
    const { call, clock, issue, latchkey } = await scene(
      framework,
      // Long enough that a young entry is known to be sound without a closer look.
      { cache: { ttl: 60_000 } },
      { trustProxy: 'loopback', scopes: ['reports.read', 'logs.read'] },
    )
    const { token } = await issue({ expiresAt: clock.at + 999, networks: ['192.0.2.0/24'] })
    const use = async (from: string, scope = 'reports.read') =>
      (await call('GET', `/${scope}`, token, { headers: ['X-Forwarded-For', from] })).status
    expect(await use('192.0.2.1')).toBe(200)
    expect(await use('203.0.113.9')).toBe(403)
    expect(await use('192.0.2.1', 'logs.read')).toBe(403)
    expect(await use('192.0.2.1')).toBe(200)
    clock.at += 998
    expect(await use('192.0.2.1')).toBe(200)
    clock.at += 1
    expect(await use('192.0.2.1')).toBe(401)
    expect(latchkey.stats().storeReads).toBe(1)

    const other = await issue()
    expect((await call('GET', '/reports.read', other.token)).status).toBe(200)
    const { storeReads } = latchkey.stats()
    // A record that seems to come from the future is not young.
    clock.at -= 500
    expect((await call('GET', '/reports.read', other.token)).status).toBe(200)
    expect(latchkey.stats().storeReads).toBe(storeReads + 1)
  })

  test('19 no cache lives for ever, and junk drives no good token out of it', async () => {
    for (const ttl of [0, Number.NaN, Number.POSITIVE_INFINITY, -1]) {
      const options = { store: memoryStore(), cache: { ttl } }
      expect(() => createLatchkey(options)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
    }
    const { call, issue, latchkey } = await scene(framework, { cache: { max: 5, ttl: 3_600_000 } })
    const good = await Promise.all(Array.from({ length: 5 }, () => issue()))
    for (const { token } of good) expect((await call('GET', '/reports.read', token)).status).toBe(200)
    for (let i = 0; i < 100; i++) expect((await call('GET', '/reports.read', forge())).status).toBe(401)
    const { cacheHits, cachedTokens } = latchkey.stats()
    expect(cachedTokens).toBe(5)
    for (const { token } of good) expect((await call('GET', '/reports.read', token)).status).toBe(200)
    expect(latchkey.stats().cacheHits).toBe(cacheHits + 5)
  })

  test('20 verification only reads: a thousand uses become one write, off the request path', async () => {
    const touched: (readonly TokenUse[])[] = []
    const writes: string[] = []
    const inner = memoryStore()
    const store = {
      ...inner,
      async open(environment: string) {
        const opened = await inner.open(environment)
        return {
          ...opened,
          async touch(uses: readonly TokenUse[]) {
            touched.push(uses)
            // Slow, and nobody waits for it.
            await new Promise(setImmediate)
            return opened.touch(uses)
          },
          update: async (...change: Parameters<typeof opened.update>) => {
            writes.push('update')
            return opened.update(...change)
          },
        }
      },
    }
    const { call, issue, latchkey } = await scene(framework, { store, lastUsed: { flushInterval: 3_600_000 } })
    const { id, token } = await issue()
    for (let use = 0; use < 100; use++) {
      const replies = await Promise.all(Array.from({ length: 10 }, () => call('GET', '/reports.read', token)))
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
    }
    expect({ touched, writes }).toEqual({ touched: [], writes: [] })
    await latchkey.flush()
    expect(touched.flat()).toMatchObject([{ id, gen: 1 }])
    expect(writes).toEqual([])
  })
})

/** Each way to take a token back; resolves to the status. */
function deeds({ call, clock }: Scene, admin: string) {
  type Deed = (issued: { id: string; token: string }) => Promise<number>
  const status = async (...ask: Parameters<typeof call>) => (await call(...ask)).status
  const all: Record<string, Deed> = {
    delete: ({ id }) => status('DELETE', `/tokens/${id}`, admin),
    'delete by secret': ({ token }) => status('DELETE', `/secret-in-path/${token}`, admin),
    'delete self': ({ token }) => status('DELETE', '/tokens/self', token),
    revoke: ({ token }) => status('POST', '/tokens/revoke', admin, { body: { token } }),
    disable: ({ id }) => status('PUT', `/tokens/${id}`, admin, { body: { enabled: false } }),
    rotate: ({ id }) => status('POST', `/tokens/${id}/rotate`, admin),
    'rotate with a new expiry': ({ id }) =>
      status('POST', `/tokens/${id}/rotate`, admin, { body: { expirationDate: clock.at + 86_400_000 } }),
  }
  return all
}
