// Nobody hands out more than they have.
import type { ApiToken, Caller } from '@latchkey/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FRAMEWORKS, type Scene, scene } from './scene.js'

const SCOPES = ['apiTokens.write', 'reports.read', 'reports.write', 'reports', 'logs.read'] as const
const GRANTS = [...SCOPES, 'reports.*', 'apiTokens.*', 'logs.*', '*'] as const
/** Where requests come from, and blocks that hold some of these. */
const PLACES = ['10.0.0.1', '10.1.0.1', '192.0.2.1', '2001:db8::1', '203.0.113.9'] as const
const BLOCKS = [
  '10.0.0.0/8',
  '10.1.0.0/16',
  '::ffff:10.0.0.0/104',
  '192.0.2.0/24',
  '2001:db8::/32',
  '0.0.0.0/0',
  '::/0',
]
const HOUR = 3_600_000
const EXPIRIES = [1, 24, 48].map((hours) => hours * HOUR)

const scopes = fc.uniqueArray(fc.constantFrom(...GRANTS), { minLength: 1, maxLength: 4 })
const networks = fc.uniqueArray(fc.constantFrom(...BLOCKS.filter((block) => !block.includes('ffff'))), { maxLength: 2 })
const expiresAfter = fc.option(fc.constantFrom(...EXPIRIES), { nil: undefined })
const holder = fc.record({ scopes, networks, expiresAfter, personal: fc.boolean() })
/** Else most could not even ask. */
const manager = holder.map((who) => ({ ...who, scopes: [...new Set(['apiTokens.write', ...who.scopes])] }))
const wanted = fc.record({
  scopes,
  allowedCIDRBlocks: fc.option(fc.uniqueArray(fc.constantFrom(...BLOCKS), { maxLength: 2 }), { nil: undefined }),
  expiresAfter,
  personalAccessToken: fc.option(fc.boolean(), { nil: undefined }),
  owner: fc.constantFrom(undefined, 'alice', 'bob'),
})

describe.each(FRAMEWORKS)('on %s', (framework) => {
  test('2 an owner in the body is refused unless the host lets this caller assign owners', async () => {
    let caller: Caller | undefined
    const { call, issue, records } = await scene(framework, {}, { routes: { authorize: () => caller } })
    const { token } = await issue({ scopes: ['*'] })
    const body = { name: 'for the owner', scopes: ['reports.read'], owner: 'root' }
    const before = await records()
    for (const claim of [{}, { assignOwner: true }, { personalAccessToken: true }]) {
      const refused = await call('POST', '/tokens', token, { body: { ...body, ...claim } })
      expect('assignOwner' in claim ? [400] : [403]).toContain(refused.status)
    }
    for (const assignOwner of [undefined, false, 'yes' as unknown as boolean]) {
      caller = { owner: 'alice', scopes: ['*'], ...(assignOwner !== undefined && { assignOwner }) }
      expect((await call('POST', '/tokens', undefined, { body })).status).toBe(403)
    }
    expect(await records()).toEqual(before)

    caller = { owner: 'alice', scopes: ['*'], assignOwner: true }
    expect((await call('POST', '/tokens', undefined, { body })).status).toBe(201)
    expect((await records()).map(({ owner }) => owner)).toContain('root')
  })

  test('3 whatever a token creates, widens, enables or rotates can nowhere and never do what it cannot', async () => {
    const host = await scene(framework, {}, { trustProxy: 'loopback', scopes: SCOPES })
    const counts = { given: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(
        manager,
        wanted,
        fc.constantFrom('all', 'scopes', 'allowedCIDRBlocks', 'expiresAfter', 'personalAccessToken', 'owner'),
        holder,
        fc.constantFrom('create', 'create', 'update', 'enable', 'rotate'),
        async (parent, odd, member, other, deed) => {
          // Mostly like its parent, but for one member: else too few would come near to what is allowed.
          const child = member === 'all' ? odd : { ...like(parent), [member]: odd[member] }
          const given = await ask(host, parent, child, other, deed)
          if (given === undefined) return
          counts[given ? 'given' : 'refused']++
        },
      ),
      { numRuns: 500 },
    )
    expect(counts.given).toBeGreaterThan(20)
    expect(counts.refused).toBeGreaterThan(20)
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

interface Holder {
  readonly scopes: readonly string[]
  readonly networks: readonly string[]
  readonly expiresAfter: number | undefined
  readonly personal: boolean
}

interface Wanted {
  readonly scopes: readonly string[]
  readonly allowedCIDRBlocks: readonly string[] | undefined
  readonly expiresAfter: number | undefined
  readonly personalAccessToken: boolean | undefined
  readonly owner: string | undefined
}

function like({ scopes, networks, expiresAfter, personal }: Holder): Wanted {
  return { scopes, allowedCIDRBlocks: networks, expiresAfter, personalAccessToken: personal, owner: 'alice' }
}

/**
 * Lets a token do the deed, and compares what comes of it with what the token can do itself: not by rules, but by trying
 * every scope at every place and time. `undefined`: the token may not manage at all.
 */
async function ask(
  { call, clock, latchkey, issue }: Scene,
  parent: Holder,
  child: Wanted,
  other: Holder,
  deed: 'create' | 'update' | 'enable' | 'rotate',
): Promise<boolean | undefined> {
  const begin = clock.at
  const making = ({ expiresAfter, ...rest }: Holder) => ({
    ...rest,
    ...(expiresAfter !== undefined && { expiresAt: begin + expiresAfter }),
  })
  const caller = await issue(making(parent))
  const target = await issue({ ...making(other), enabled: deed !== 'enable' })

  /** What a token can do, as `scope place time`. */
  async function reach(token: string): Promise<ReadonlySet<string>> {
    const found = new Set<string>()
    for (const at of [0, HOUR, 24 * HOUR, 48 * HOUR]) {
      clock.at = begin + at
      for (const ip of PLACES) {
        for (const scope of [...SCOPES, 'unheard.of']) {
          if ((await latchkey.verify(token, { ip, scopes: [scope] })).ok) found.add(`${scope} ${ip} ${at}`)
        }
      }
    }
    clock.at = begin
    return found
  }

  const own = await reach(caller.token)
  const before = await reach(target.token)
  const place = PLACES.find((ip) => own.has(`apiTokens.write ${ip} 0`))
  if (place === undefined) return undefined
  const from = { headers: ['X-Forwarded-For', place] }
  const { expiresAfter, ...rest } = child
  const expirationDate = expiresAfter === undefined ? {} : { expirationDate: begin + expiresAfter }
  const path = `/tokens/${target.id}`
  const reply =
    deed === 'create'
      ? await call('POST', '/tokens', caller.token, { ...from, body: { name: 'child', ...rest, ...expirationDate } })
      : deed === 'rotate'
        ? await call('POST', `${path}/rotate`, caller.token, { ...from, body: expirationDate })
        : await call('PUT', path, caller.token, {
            ...from,
            body:
              deed === 'enable'
                ? { enabled: true }
                : { scopes: child.scopes, allowedCIDRBlocks: child.allowedCIDRBlocks },
          })
  const given = reply.status < 300
  if (!given) expect([403, 400]).toContain(reply.status)
  const handed = given && (deed === 'create' || deed === 'rotate') ? reply.json<{ token: string }>().token : undefined
  const after = await reach(handed ?? target.token)
  // What was handed out is judged whole, and a change by what it added.
  const granted = deed === 'update' || !given ? [...after].filter((each) => !before.has(each)) : [...after]
  if (given) expect(granted.filter((each) => !own.has(each))).toEqual([])
  else expect(granted).toEqual([])
  if (given && handed !== undefined && deed === 'create') {
    const made = await latchkey.verify(handed, { ip: place })
    if (made.ok) expectSameHolder(made.token, parent, child)
  }
  return given
}

function expectSameHolder({ owner, personal }: ApiToken, parent: Holder, child: Wanted): void {
  expect(owner).toBe('alice')
  expect(child.owner ?? 'alice').toBe('alice')
  if (parent.personal) expect(personal).toBe(true)
}
