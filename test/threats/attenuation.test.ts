// Nobody hands out more than they have.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { type Caller, createLatchkey } from '@latchkey/core'
import { testHasher } from '@latchkey/testkit'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LONG } from '../long.js'
import { DIMENSIONS, type Dimension, PAGE, REDUCTIONS, readAuthorityPage, WAYS, type Way } from './authority-page.js'
import { isExceeded, isWithin, reachFinder } from './authority-reach.js'
import { aimedPlan, anyPlan, countingStore, grantOf, isNeverExceeded, type Plan, setStage } from './authority-stage.js'
import { CHANNELS, go, hasWay, reduce } from './authority-ways.js'
import { FRAMEWORKS, scene } from './scene.js'

test('the page has every way and dimension, and nothing that no test reads', () => {
  const markdown = readFileSync(PAGE, 'utf8')
  expect(() => readAuthorityPage(markdown)).not.toThrow()
  const lines = markdown.split('\n')
  const rows = [...DIMENSIONS, ...REDUCTIONS].flatMap((name) => lines.filter((line) => line.startsWith(`| ${name} `)))
  expect(rows).toHaveLength(2 * DIMENSIONS.length + REDUCTIONS.length)
  for (const row of rows) {
    expect(() => readAuthorityPage(markdown.replace(`${row}\n`, '')), row).toThrow('has the rows')
    expect(() => readAuthorityPage(markdown.replace(row, `${row}\n${row}`)), row).toThrow('has the rows')
    expect(() => readAuthorityPage(markdown.replace(row, row.replace(/\| [^|]+\|$/, '| |'))), row).toThrow('holds ""')
  }
  for (const way of WAYS) {
    expect(() => readAuthorityPage(markdown.replace(new RegExp(`\\| ${way} +\\|`), '| other |')), way).toThrow(
      'columns',
    )
  }
})

describe.each(FRAMEWORKS)('on %s', (framework) => {
  test('2 an owner in the body is refused unless the host lets this caller assign owners', async () => {
    let caller: Caller | undefined
    const { call, issue, records } = await scene(framework, {}, { routes: { authorize: () => caller } })
    const scopes = ['reports.*', 'apiTokens.write']
    const { token } = await issue({ scopes })
    const body = { name: 'for the owner', scopes: ['reports.read'], owner: 'root' }
    const before = await records()
    for (const claim of [{}, { assignOwner: true }, { personalAccessToken: true }]) {
      const refused = await call('POST', '/tokens', token, { body: { ...body, ...claim } })
      expect('assignOwner' in claim ? [400] : [403]).toContain(refused.status)
    }
    for (const assignOwner of [undefined, false, 'yes' as unknown as boolean]) {
      caller = { owner: 'alice', scopes, ...(assignOwner !== undefined && { assignOwner }) }
      expect((await call('POST', '/tokens', undefined, { body })).status).toBe(403)
    }
    expect(await records()).toEqual(before)

    caller = { owner: 'alice', scopes, assignOwner: true }
    expect((await call('POST', '/tokens', undefined, { body })).status).toBe(201)
    expect((await records()).map(({ owner }) => owner)).toContain('root')
  })

  test('3 23 whatever a caller creates, changes, enables, rotates or cancels is at most what the page allows', {
    timeout: 600_000,
  }, async () => {
    const page = readAuthorityPage()
    const rights = new Map<string, readonly string[]>()
    const store = countingStore()
    let signedIn: Caller | undefined
    const host = await scene(
      framework,
      { store, ownerScopes: async (owner) => rights.get(owner) ?? ['*'] },
      { trustProxy: 'loopback', routes: { authorize: () => signedIn } },
    )
    const { latchkey, clock } = host
    const find = reachFinder(latchkey, clock)
    const counts = new Map<string, number>()
    const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1)
    let rounds = 0

    const attempt = async (plan: Plan, way: Way, dimension: Dimension) => {
      const stage = hasWay(way, plan.channel, plan.isToken)
        ? await setStage(host, find, rights, plan, way, dimension, ++rounds)
        : undefined
      if (stage === undefined) return
      const { acting, outcome, isAdmin, id, wish } = stage
      const { caller, before, after } = outcome
      signedIn = acting.token === undefined ? acting.caller : undefined
      const exceeded = DIMENSIONS.filter((each) => {
        return isExceeded(each, page.demand(each, way), outcome) && !(isAdmin && page.isLifted(each, caller.personal))
      })
      const isUnseen = before !== undefined && caller.personal && before.holding.owner !== caller.owner
      const { writes } = store
      const answer = await go(host, acting, way, id, wish)

      const told = inspect({ way, ...plan, exceeded, answer }, { depth: 5 })
      count(`${plan.channel}, ${plan.isToken ? 'a token' : 'a caller'}, ${answer.status < 300}`)
      if (isUnseen || exceeded.length > 0) {
        expect(answer.status, told).toBe(isUnseen ? 404 : 403)
        expect(store.writes).toBe(writes)
        if (isUnseen) return
        if (exceeded.length === 1) count(`${way}: ${exceeded[0]}`)
        const members = exceeded.map((each) => (each === 'expiry' ? 'expiresAt' : each))
        if (answer.members !== undefined) expect(new Set(answer.members), told).toEqual(new Set(members))
        return
      }
      expect(answer.status, told).toBeLessThan(300)
      count(`${way}: granted`)
      const made = answer.token === undefined ? await latchkey.get(id) : await latchkey.lookup(answer.token)
      expect(grantOf(made, clock.at), told).toEqual(after.holding)
      if (answer.token === undefined) return
      // Whatever the page says: the secret can do no more than its caller could, and is another owner's for admins
      // alone.
      const held = way === 'rotate itself' && before !== undefined ? before.reach : outcome.callerReach
      expect(isWithin(after.reach, held), told).toBe(true)
      if (made.owner !== caller.owner) expect(isAdmin && !caller.personal, told).toBe(true)
    }

    for (const way of WAYS) {
      for (const dimension of DIMENSIONS) {
        // An update may also add nothing.
        const wishes =
          way === 'update' ? (['what the caller has', 'what it has'] as const) : (['what the caller has'] as const)
        const aimed = fc.asyncProperty(aimedPlan(way, dimension), async (plan) => {
          for (const channel of CHANNELS) {
            for (const isToken of [true, false]) {
              for (const admin of ['no', 'by scope', 'by assignOwner'] as const) {
                for (const wish of wishes) await attempt({ ...plan, wish, channel, isToken, admin }, way, dimension)
              }
            }
          }
        })
        await fc.assert(aimed, { numRuns: LONG ? 20 : 1 })
        const any = fc.asyncProperty(anyPlan, (plan) => attempt(plan, way, dimension))
        await fc.assert(any, { numRuns: LONG ? 200 : 3 })
      }
    }
    // Each cell that asks for something has been the only reason of a refusal, where it can be.
    for (const way of WAYS) {
      expect(counts.get(`${way}: granted`), way).toBeGreaterThan(0)
      for (const dimension of DIMENSIONS) {
        const canBe =
          page.demand(dimension, way) !== '–' && dimension !== 'environment' && !isNeverExceeded(way, dimension)
        expect(counts.has(`${way}: ${dimension}`), `${way}, ${dimension}`).toBe(canBe)
      }
    }
    for (const channel of CHANNELS) {
      for (const who of channel === 'in process' ? ['a caller'] : ['a token', 'a caller']) {
        for (const granted of [true, false]) {
          expect(counts.get(`${channel}, ${who}, ${granted}`), `${channel} ${who} ${granted}`).toBeGreaterThan(0)
        }
      }
    }
  })

  test('23 a token of another environment is unknown, on every way that asks for the own one', async () => {
    const page = readAuthorityPage()
    const host = await scene(framework)
    const { store, issue, latchkey, clock } = host
    const elsewhere = createLatchkey({
      ...{ prefix: 'acme', environment: randomUUID(), store, hasher: testHasher, now: () => clock.at },
    })
    const ways = WAYS.filter((way) => page.demand('environment', way) === 'own')
    expect(ways).toEqual(['create', 'update', 'enable', 'rotate', 'cancel'])
    const input = { name: 'n', owner: 'root', scopes: ['*'] }
    const here = await issue(input)
    const foreign = await elsewhere.create(input)
    const target = await elsewhere.create({ ...input, enabled: false })
    const caller = { owner: 'root', scopes: ['*'] }
    for (const way of ways) {
      for (const channel of CHANNELS) {
        if (!hasWay(way, channel, true)) continue
        const acting = { channel, caller, place: '127.0.0.1' }
        if (channel !== 'in process') {
          const answer = await go(host, { ...acting, token: foreign.token }, way, here.id, { scopes: ['a'] })
          expect([way, channel, answer.status]).toEqual([way, channel, 401])
        }
        if (way === 'create') continue
        const answer = await go(host, { ...acting, token: here.token }, way, target.id, { scopes: ['a'] })
        expect([way, channel, answer.status]).toEqual([way, channel, 404])
      }
    }
    expect((await latchkey.list()).totalCount).toBe(1)
    expect(await elsewhere.get(target.id)).toEqual(target.apiToken)
  })

  test('23 write alone takes power from tokens of other owners, and a personal caller does not know them', async () => {
    const page = readAuthorityPage()
    let signedIn: Caller | undefined
    const host = await scene(framework, {}, { routes: { authorize: () => signedIn } })
    const { issue, clock, latchkey } = host
    const held = { scopes: ['*'], networks: ['10.0.0.0/8'], resources: ['p:*'], expiresAt: clock.at + 3_600_000 }
    for (const reduction of REDUCTIONS) {
      for (const channel of CHANNELS) {
        for (const personal of [false, true]) {
          for (const isToken of channel === 'in process' ? [false] : [true, false]) {
            const { id } = await issue({ owner: 'bob', ...held })
            await latchkey.rotate(id, { previousExpiresAt: clock.at + 60_000 })
            const before = await latchkey.get(id)
            const caller = { owner: 'alice', scopes: ['apiTokens.write'], personal }
            const token = isToken ? (await issue(caller)).token : undefined
            signedIn = isToken ? undefined : caller
            const status = await reduce(host, { channel, token, caller, place: '127.0.0.1' }, reduction, id)
            if (status === undefined) continue
            const told = [reduction, channel, personal, isToken]
            const may = page.mayReduce(reduction, personal)
            expect([...told, status < 300 ? 'yes' : String(status)]).toEqual([...told, may])
            const after = await latchkey.get(id).catch(() => undefined)
            if (may === 'yes') expect(after).not.toEqual(before)
            else expect(after).toEqual(before)
          }
        }
      }
    }
  })

  test('4 a scope covers itself and, with .*, what is below it: neither its parent, nor a neighbour, nor a part', async () => {
    const routes = ['metrics', 'metrics.read', 'metrics.read.all', 'metricsX.read', 'metrics-x.read']
    const { call, issue } = await scene(framework, {}, { scopes: routes })
    const allowed: Record<string, readonly string[]> = {
      metrics: ['metrics'],
      'metrics.read': ['metrics.read'],
      'metrics.*': ['metrics.read', 'metrics.read.all'],
      'metrics.read.*': ['metrics.read.all'],
      'metricsX.read': ['metricsX.read'],
      metric: [],
      'Metrics.read': [],
      'reports.*': [],
      '*': routes,
    }
    for (const [scope, good] of Object.entries(allowed)) {
      const { token } = await issue({ scopes: [scope] })
      for (const route of routes) {
        const expected = good.includes(route) ? 200 : 403
        // The second answer is one from the cache.
        for (let round = 0; round < 2; round++) {
          expect([scope, route, (await call('GET', `/${route}`, token)).status]).toEqual([scope, route, expected])
        }
      }
    }
  })
})
