// Nobody hands out more than they have.
import type { ApiToken, Caller, IssuedToken } from '@latchkey/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LONG } from '../long.js'
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
/** Without this scope a token could not even ask. */
const manager = holder.map((who) => ({ ...who, scopes: [...new Set(['apiTokens.write', ...who.scopes])] }))
const wanted = fc.record({
  scopes,
  networks: fc.option(fc.uniqueArray(fc.constantFrom(...BLOCKS), { maxLength: 2 }), { nil: undefined }),
  expiresAfter,
  personal: fc.option(fc.boolean(), { nil: undefined }),
  owner: fc.constantFrom(undefined, 'alice', 'bob'),
})
const step = fc.record({
  action: fc.constantFrom('create', 'create', 'update', 'enable', 'rotate'),
  wanted,
  /** The members that differ from the caller's; mostly one, or too little would come near to what is allowed. */
  differs: fc.constantFrom('all', 'scopes', 'networks', 'expiresAfter', 'personal', 'owner'),
  dialect: fc.constantFrom('dynatrace', 'panther'),
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

  test('3 whatever a token creates, widens, enables or rotates can nowhere and never do what it cannot', async () => {
    const host = await scene(framework, {}, { trustProxy: 'loopback', scopes: SCOPES })
    const counts = { granted: 0, refused: 0 }
    const steps = fc.array(step, { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(manager, holder, fc.boolean(), steps, async (who, other, enabled, steps) => {
        const stage = await setStage(host, who, other, enabled)
        for (const step of steps) {
          const granted = await attempt(host, stage, who, step)
          if (granted !== undefined) counts[granted ? 'granted' : 'refused']++
        }
      }),
      { numRuns: LONG ? 500 : 100 },
    )
    expect(counts.granted).toBeGreaterThan(20)
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
  readonly networks: readonly string[] | undefined
  readonly expiresAfter: number | undefined
  readonly personal: boolean | undefined
  readonly owner: string | undefined
}

interface Step {
  readonly action: 'create' | 'update' | 'enable' | 'rotate'
  readonly wanted: Wanted
  readonly differs: 'all' | keyof Wanted
  readonly dialect: 'dynatrace' | 'panther'
}

/** A caller, and a token on which the caller acts. */
interface Stage {
  readonly caller: IssuedToken
  readonly target: IssuedToken
  /** What the caller can do. */
  readonly own: Reach
  /** The newest token of the target. */
  newest: string
}

/** What a token can do, as `scope place time`: found not by rules, but by trying every scope at every place and time. */
type Reach = ReadonlySet<string>

async function reach({ clock, latchkey }: Scene, token: string): Promise<Reach> {
  const begin = clock.at
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

/** What the target can do, and what it could do if somebody enabled it. */
async function reachOfTarget(host: Scene, { target, newest }: Stage): Promise<{ now: Reach; enabled: Reach }> {
  const { latchkey } = host
  const { enabled } = await latchkey.get(target.id)
  const now = await reach(host, newest)
  await latchkey.update(target.id, { enabled: true })
  const potential = await reach(host, newest)
  await latchkey.update(target.id, { enabled })
  return { now, enabled: potential }
}

async function setStage(host: Scene, who: Holder, other: Holder, enabled: boolean): Promise<Stage> {
  const inputOf = ({ expiresAfter, ...rest }: Holder) => ({
    ...rest,
    ...(expiresAfter !== undefined && { expiresAt: host.clock.at + expiresAfter }),
  })
  const caller = await host.issue(inputOf(who))
  const target = await host.issue({ ...inputOf(other), enabled })
  return { caller, target, own: await reach(host, caller.token), newest: target.token }
}

/** Lets the caller act, and checks that nothing comes of it that the caller cannot do. `undefined`: it may not manage. */
async function attempt(host: Scene, stage: Stage, who: Holder, step: Step): Promise<boolean | undefined> {
  const { caller, target, own } = stage
  const place = PLACES.find((ip) => own.has(`apiTokens.write ${ip} 0`))
  if (place === undefined) return undefined
  const before = await reachOfTarget(host, stage)
  const [method, path, body] = requestOf(step, wantedBy(who, step), target.id, host.clock.at)
  const reply = await host.call(method, path, caller.token, { headers: ['X-Forwarded-For', place], body })
  const granted = reply.status < 300
  if (!granted) expect([403, 400]).toContain(reply.status)

  if (granted && (step.action === 'create' || step.action === 'rotate')) {
    const { token, value = token } = reply.json<{ token: string; value?: string }>()
    expect(beyond(await reach(host, value), own)).toEqual([])
    if (step.action === 'rotate') stage.newest = value
    const made = await host.latchkey.verify(value, { ip: place })
    if (step.action === 'create' && made.ok) expectSameHolder(made.token, who, step)
  }
  const after = await reachOfTarget(host, stage)
  expect(beyond(after.now, before.now, granted ? own : undefined)).toEqual([])
  expect(beyond(after.enabled, before.enabled, granted ? own : undefined)).toEqual([])
  return granted
}

/** What the caller has itself, but for what the step says. */
function wantedBy({ scopes, networks, expiresAfter, personal }: Holder, { wanted, differs }: Step): Wanted {
  const same = { scopes, networks, expiresAfter, personal, owner: 'alice' }
  return differs === 'all' ? wanted : { ...same, [differs]: wanted[differs] }
}

type Request = readonly [method: string, path: string, body: object]

function requestOf({ action, dialect }: Step, wanted: Wanted, id: string, now: number): Request {
  const { scopes, networks: allowedCIDRBlocks, expiresAfter, personal: personalAccessToken, owner } = wanted
  const expiry = expiresAfter === undefined ? undefined : now + expiresAfter
  if (action === 'enable') return ['PUT', `/tokens/${id}`, { enabled: true }]
  if (dialect === 'panther') {
    const input = { name: 'child', permissions: scopes, allowedCIDRBlocks }
    if (action === 'create') return ['POST', '/panther', { ...input, expiresAt: expiry }]
    return action === 'rotate' ? ['POST', `/panther/${id}/rotate`, {}] : ['POST', `/panther/${id}`, input]
  }
  const input = { scopes, allowedCIDRBlocks }
  const identity = { name: 'child', owner, personalAccessToken }
  if (action === 'create') return ['POST', '/tokens', { ...input, ...identity, expirationDate: expiry }]
  return action === 'rotate'
    ? ['POST', `/tokens/${id}/rotate`, { expirationDate: expiry }]
    : ['PUT', `/tokens/${id}`, input]
}

function beyond(reach: Reach, ...allowed: readonly (Reach | undefined)[]): string[] {
  return [...reach].filter((each) => !allowed.some((set) => set?.has(each)))
}

function expectSameHolder({ owner, personal }: ApiToken, caller: Holder, { dialect, ...step }: Step): void {
  const isAdmin = !caller.personal && caller.scopes.some((scope) => scope === '*' || scope === 'apiTokens.*')
  if (!isAdmin) expect(owner).toBe('alice')
  if (!isAdmin && dialect === 'dynatrace') expect(wantedBy(caller, { dialect, ...step }).owner ?? 'alice').toBe('alice')
  if (caller.personal) expect(personal).toBe(true)
}
