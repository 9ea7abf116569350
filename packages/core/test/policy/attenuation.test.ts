import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Action,
  type CallerGrant,
  type Escalation,
  findEscalations,
  type Grant,
} from '../../src/policy/attenuation.js'
import { compileNetworks } from '../../src/policy/cidr.js'
import { evaluate } from '../../src/policy/evaluate.js'
import { compileResources } from '../../src/policy/resources.js'
import { compileScopes } from '../../src/policy/scopes.js'

const CREATE: Action = { kind: 'create' }

const SCOPES = ['*', 'a', 'a.*', 'a.b', 'a.b.*', 'a.b.c', 'ab.c']
const NETWORKS = [
  ...['0.0.0.0/0', '10.0.0.0/8', '10.1.0.0/16', '10.2.0.0/16', '::ffff:10.1.2.0/120', '::/0', '2001:db8::/32'],
  ...['2001:db8:1::/48', 'broken'],
]
const RESOURCES = ['p:1', 'p:2', 'p:*', 'q:1', 'q:*', 'broken']
const OWNERS = ['ada', 'bob']

/** What the owners may do at some moment. */
type OwnerScopes = Readonly<Record<string, readonly string[]>>

/** Everything that the grants above could differ in. */
const ACTS = ['a', 'a.b', 'a.b.c', 'ab.c', 'z'].flatMap((scope) =>
  [
    undefined,
    '10.1.2.3',
    '::ffff:10.1.3.4',
    '10.2.0.1',
    '11.0.0.1',
    '2001:db8:1::1',
    '2001:db8:2::1',
    '2001:db9::1',
  ].flatMap((ip) =>
    [['p:1'], ['p:2'], ['q:1'], ['p:1', 'q:1'], undefined].flatMap((resources) =>
      [1, 2, 3].map((now) => ({ now, context: { ip, scopes: [scope], resources } })),
    ),
  ),
)

const scopes = fc.subarray(SCOPES, { minLength: 1, maxLength: 3 })
const networks = fc.oneof(fc.constant([]), fc.subarray(NETWORKS, { minLength: 1, maxLength: 3 }))
const resources = fc.oneof(fc.constant([]), fc.subarray(RESOURCES, { minLength: 1, maxLength: 3 }))
const expiry = fc.constantFrom(undefined, 2, 3, 4)
const grant: fc.Arbitrary<Grant> = fc.record({
  owner: fc.constantFrom(...OWNERS),
  personal: fc.boolean(),
  scopes,
  networks,
  resources,
  expiresAt: expiry,
  environment: fc.constantFrom('live', 'live', 'live', 'test'),
})
const ownerScopes: fc.Arbitrary<OwnerScopes> = fc.record({
  ada: fc.oneof(fc.constant(['*']), scopes),
  bob: fc.oneof(fc.constant(['*']), scopes),
})

/** The grant of a caller that is a token. */
function callerOf(grant: Grant, owners: OwnerScopes, admin = false): CallerGrant {
  const own = compileScopes(grant.scopes)
  const scopeSets = grant.personal ? ([own, compileScopes(owners[grant.owner] ?? [])] as const) : ([own] as const)
  return { ...grant, scopeSets: [...scopeSets], admin }
}

/** The acts that a token can perform, in whose name and where, while the owners may do the given. */
function performs(grant: Grant, owners: OwnerScopes, named: boolean): Set<string> {
  const subject = {
    enabled: true,
    expiresAt: grant.expiresAt,
    scopes: compileScopes(grant.scopes),
    networks: compileNetworks(grant.networks),
    resources: compileResources(grant.resources),
    ownerScopes: grant.personal ? compileScopes(owners[grant.owner] ?? []) : undefined,
  }
  const acts = ACTS.filter((act) => evaluate(subject, act.now, act.context) === undefined)
  const suffix = `${grant.environment} ${named ? grant.owner : ''}`
  return new Set(
    acts.map((act) => `${act.context.scopes} ${act.context.ip} ${act.context.resources} ${act.now} ${suffix}`),
  )
}

function without(acts: Set<string>, others: Set<string>): string[] {
  return [...acts].filter((act) => !others.has(act))
}

/** Runs a property, and makes sure that it was not true for want of allowed cases. */
function assertOften<T>(property: (note: () => void) => fc.IProperty<T>, numRuns = 4000): void {
  let allowed = 0
  fc.assert(
    property(() => {
      allowed++
    }),
    { numRuns },
  )
  expect(allowed).toBeGreaterThan(numRuns / 100)
}

const KEYS = ['scopes', 'networks', 'resources', 'expiresAt', 'owner', 'personal', 'environment'] as const

/** Pairs that resemble each other, so that many are allowed. */
const pair = fc.tuple(grant, grant, fc.subarray([...KEYS])).map(([caller, other, same]) => {
  const child = { ...other, ...Object.fromEntries(same.map((key) => [key, caller[key]])) }
  return { caller, child }
})

describe('soundness', () => {
  test('whatever a created token can do, now or when owners may do other things, its caller can do', () => {
    assertOften((note) =>
      fc.property(pair, ownerScopes, ownerScopes, ({ caller, child }, now, later) => {
        if (findEscalations(child, callerOf(caller, now), CREATE).length > 0) return
        note()
        for (const owners of [now, later]) {
          expect(without(performs(child, owners, true), performs(caller, owners, true))).toEqual([])
        }
      }),
    )
  })

  test('whatever a reissued token can do, its caller can do', () => {
    assertOften((note) =>
      fc.property(pair, ownerScopes, ownerScopes, ({ caller, child }, now, later) => {
        if (findEscalations(child, callerOf(caller, now), { kind: 'reissue', before: child }).length > 0) return
        note()
        for (const owners of [now, later]) {
          expect(without(performs(child, owners, true), performs(caller, owners, true))).toEqual([])
        }
      }),
    )
  })

  test('whatever a change adds, its caller can do', () => {
    const changed = fc.record({ scopes, networks, expiresAt: expiry }, { requiredKeys: [] })
    assertOften((note) =>
      fc.property(pair, changed, ownerScopes, ownerScopes, ({ caller, child: before }, change, now, later) => {
        const child = { ...before, ...change }
        if (findEscalations(child, callerOf(caller, now), { kind: 'change', before }).length > 0) return
        note()
        for (const owners of [now, later]) {
          const added = without(performs(child, owners, true), performs(before, owners, true))
          expect(without(new Set(added), performs(caller, owners, true))).toEqual([])
        }
      }),
    )
  })

  test('a caller that may assign owners is bound in every other dimension', () => {
    assertOften((note) =>
      fc.property(pair, ownerScopes, ({ caller, child }, owners) => {
        if (findEscalations(child, callerOf(caller, owners, true), CREATE).length > 0) return
        note()
        expect(without(performs(child, owners, false), performs(caller, owners, false))).toEqual([])
        expect(child.personal || !caller.personal).toBe(true)
      }),
    )
  })

  test('a grandchild that its parent may create could have been created by the grandparent', () => {
    assertOften(
      (note) =>
        fc.property(pair, grant, ownerScopes, fc.boolean(), ({ caller, child }, other, owners, admin) => {
          const grandchild = { ...child, scopes: other.scopes, networks: other.networks, expiresAt: other.expiresAt }
          const grandparent = callerOf(caller, owners, admin)
          if (findEscalations(child, grandparent, CREATE).length > 0) return
          if (findEscalations(grandchild, callerOf(child, owners), CREATE).length > 0) return
          note()
          expect(findEscalations(grandchild, grandparent, CREATE)).toEqual([])
        }),
      20_000,
    )
  })
})

const isBroken = ({ networks, resources }: Grant) => networks.includes('broken') || resources.includes('broken')

describe('what stays allowed', () => {
  test('a token may create its like, unless its owner may do less than it', () => {
    fc.assert(
      fc.property(grant, (grant) => {
        fc.pre(!isBroken(grant))
        expect(findEscalations(grant, callerOf(grant, { ada: ['*'], bob: ['*'] }), CREATE)).toEqual([])
      }),
    )
  })

  test('anyone may narrow anything', () => {
    fc.assert(
      fc.property(grant, grant, ownerScopes, fc.nat(), ({ ...before }, caller, owners, pick) => {
        fc.pre(!isBroken(before))
        const narrowed = {
          ...before,
          scopes: before.scopes.slice(pick % before.scopes.length),
          networks: before.networks.length > 0 ? before.networks.slice(pick % before.networks.length) : ['10.1.2.0/24'],
          expiresAt: 1,
        }
        expect(findEscalations(narrowed, callerOf(caller, owners), { kind: 'change', before })).toEqual([])
      }),
    )
  })
})

const plain: Grant = {
  owner: 'ada',
  personal: false,
  scopes: ['a.*'],
  networks: ['10.0.0.0/8'],
  resources: ['p:1', 'q:*'],
  expiresAt: 100,
  environment: 'live',
}
const caller = callerOf(plain, {})

function paths(child: Partial<Grant>, action: Action, by: Partial<CallerGrant> = {}): string[] {
  return findEscalations({ ...plain, ...child }, { ...caller, ...by }, action).map((escalation) => escalation.path)
}

describe('each dimension', () => {
  test.each<[string, Partial<Grant>, Escalation['dimension'], string]>([
    ['a scope beyond', { scopes: ['a.b', 'b'] }, 'scopes', 'scopes[1]'],
    ['a wider wildcard', { scopes: ['*'] }, 'scopes', 'scopes[0]'],
    ['the stem of a wildcard', { scopes: ['a'] }, 'scopes', 'scopes[0]'],
    ['no networks', { networks: [] }, 'networks', 'networks'],
    ['a wider block', { networks: ['10.1.0.0/16', '0.0.0.0/0'] }, 'networks', 'networks[1]'],
    ['the other family', { networks: ['::/0'] }, 'networks', 'networks[0]'],
    ['a wider block in mapped form', { networks: ['::ffff:0:0/96'] }, 'networks', 'networks[0]'],
    ['a block that is none', { networks: ['10/8'] }, 'networks', 'networks[0]'],
    ['no resources', { resources: [] }, 'resources', 'resources'],
    ['another resource', { resources: ['q:7', 'p:2'] }, 'resources', 'resources[1]'],
    ['all of a type', { resources: ['p:1', 'p:*'] }, 'resources', 'resources[1]'],
    ['a resource that is none', { resources: ['q:'] }, 'resources', 'resources[0]'],
    ['a later expiry', { expiresAt: 101 }, 'expiry', 'expiresAt'],
    ['no expiry', { expiresAt: undefined }, 'expiry', 'expiresAt'],
    ['an expiry that is no number', { expiresAt: Number.NaN }, 'expiry', 'expiresAt'],
    ['another owner', { owner: 'bob' }, 'owner', 'owner'],
    ['another environment', { environment: 'test' }, 'environment', 'environment'],
  ])('%s', (_, child, dimension, path) => {
    expect(findEscalations({ ...plain, ...child }, caller, CREATE)).toEqual([
      { dimension, path, message: expect.stringMatching(/^[A-Z].*\.$/) },
    ])
  })

  test('everything at once is listed', () => {
    const child = { owner: 'bob', scopes: ['x', 'a.b', 'y'], networks: [], resources: [], expiresAt: 200 }
    expect(paths({ ...child, environment: 'test' }, CREATE, { personal: true })).toEqual([
      ...['owner', 'personal', 'environment', 'scopes[0]', 'scopes[2]', 'networks', 'resources', 'expiresAt'],
    ])
  })

  test('an unrestricted caller that never expires bounds scopes only', () => {
    const free = { networks: [], resources: [], expiresAt: undefined }
    expect(paths({ networks: [], resources: [], expiresAt: undefined }, CREATE, free)).toEqual([])
    expect(paths({ networks: ['::/0'], expiresAt: 1e15, scopes: ['b'] }, CREATE, free)).toEqual(['scopes[0]'])
  })

  test('a child inside is allowed, mapped blocks compared as IPv4', () => {
    expect(
      paths({ networks: ['::ffff:10.1.0.0/112', '10.2.3.4/32'], scopes: ['a.b.*'], expiresAt: 100 }, CREATE),
    ).toEqual([])
    expect(paths({}, CREATE, { networks: ['::ffff:10.0.0.0/104'] })).toEqual([])
  })

  test('a restricted caller whose blocks are all broken gives no network', () => {
    expect(paths({}, CREATE, { networks: ['broken'] })).toEqual(['networks[0]'])
  })

  test('what the owner may not do, a personal caller cannot give', () => {
    const by = callerOf({ ...plain, personal: true }, { ada: ['a.b'] })
    expect(
      findEscalations({ ...plain, personal: true, scopes: ['a.b', 'a.c', 'a.*'] }, by, CREATE).map(({ path }) => path),
    ).toEqual([...['scopes[1]', 'scopes[2]']])
  })
})

describe('owner', () => {
  const bobs = { ...plain, owner: 'bob' }
  const reissue: Action = { kind: 'reissue', before: bobs }

  test('counts for whoever creates, reissues or widens a token, unless it has the admin right', () => {
    const widened: Action = { kind: 'change', before: { ...bobs, scopes: ['a.b'] } }
    const extended: Action = { kind: 'change', before: { ...bobs, expiresAt: 50 } }
    for (const action of [CREATE, reissue, widened, extended]) {
      expect(paths(bobs, action)).toEqual(['owner'])
      expect(paths(bobs, action, { admin: true })).toEqual([])
      expect(paths(plain, action)).toEqual([])
    }
  })

  test('does not count for a change that adds nothing', () => {
    expect(paths(bobs, { kind: 'change', before: bobs })).toEqual([])
    expect(paths({ ...bobs, scopes: ['a.b'], expiresAt: 50 }, { kind: 'change', before: bobs })).toEqual([])
  })

  test('counts for a personal caller even with the admin right', () => {
    const target = { ...bobs, personal: true }
    const by = { personal: true, admin: true }
    expect(paths(target, CREATE, by)).toEqual(['owner'])
    expect(paths(target, { kind: 'reissue', before: target }, by)).toEqual(['owner'])
    expect(paths(target, { kind: 'change', before: { ...target, scopes: ['a.b'] } }, by)).toEqual(['owner'])
    expect(paths(target, { kind: 'change', before: target }, by)).toEqual([])
  })

  test('a personal caller manages personal tokens only', () => {
    const by = { personal: true }
    expect(paths({}, CREATE, by)).toEqual(['personal'])
    expect(paths({}, { kind: 'reissue', before: plain }, by)).toEqual(['personal'])
    expect(paths({}, { kind: 'change', before: { ...plain, scopes: ['a.b'] } }, by)).toEqual(['personal'])
    expect(paths({}, { kind: 'change', before: plain }, by)).toEqual([])
    expect(paths({ personal: true }, CREATE, by)).toEqual([])
  })
})

describe('a change', () => {
  const strong: Grant = { ...plain, scopes: ['admin'], networks: [], resources: [], expiresAt: undefined }

  test('that adds nothing is allowed on a token that can do more', () => {
    expect(findEscalations(strong, caller, { kind: 'change', before: strong })).toEqual([])
    expect(
      findEscalations({ ...strong, networks: ['11.0.0.0/8'] }, caller, { kind: 'change', before: strong }),
    ).toEqual([])
    expect(findEscalations({ ...strong, expiresAt: 500 }, caller, { kind: 'change', before: strong })).toEqual([])
    expect(
      findEscalations({ ...strong, scopes: ['admin', 'b.c'] }, caller, {
        kind: 'change',
        before: { ...strong, scopes: ['*'] },
      }),
    ).toEqual([])
  })

  test('is judged by what it adds within a dimension', () => {
    const before = { ...plain, scopes: ['admin', 'a.x'], networks: ['11.0.0.0/8', '10.1.0.0/16'], expiresAt: 50 }
    expect(paths({ ...before, scopes: ['admin', 'a.x', 'b'] }, { kind: 'change', before })).toContain('scopes[2]')
    expect(paths({ ...before, scopes: ['admin', 'a.x', 'b'] }, { kind: 'change', before })).not.toContain('scopes[0]')
    expect(
      paths({ ...before, networks: ['11.1.0.0/16', '12.0.0.0/8'], scopes: ['a.x'] }, { kind: 'change', before }),
    ).toEqual(['networks[1]'])
    expect(
      paths({ ...before, networks: ['11.1.0.0/16', '10.0.0.0/8'], scopes: ['a.x'] }, { kind: 'change', before }),
    ).toEqual([])
    expect(paths({ ...before, networks: [] }, { kind: 'change', before })).toContain('networks')
    const bound = { ...plain, resources: ['p:2', 'q:1'] }
    expect(paths({ ...bound, resources: ['p:2', 'q:*', 'p:3'] }, { kind: 'change', before: bound })).toEqual([
      'resources[2]',
    ])
    expect(paths({ ...bound, resources: [] }, { kind: 'change', before: bound })).toEqual(['resources'])
    expect(paths({ ...bound, resources: ['p:2'] }, { kind: 'change', before: bound })).toEqual([])
  })

  test('cannot move a scope into a token that outlives or outreaches the caller', () => {
    const weak = { ...plain, scopes: ['a.x'], networks: [], resources: [], expiresAt: undefined }
    expect(
      findEscalations({ ...weak, scopes: ['a.x', 'a.y'] }, caller, { kind: 'change', before: weak }).map(
        ({ path }) => path,
      ),
    ).toEqual(['networks', 'resources', 'expiresAt'])
  })

  test('cannot widen the reach of scopes that the caller has not', () => {
    const bound = { ...plain, scopes: ['admin'], expiresAt: 50 }
    expect(
      paths({ ...bound, networks: ['10.0.0.0/8', '11.0.0.0/8'] }, { kind: 'change', before: bound }, { networks: [] }),
    ).toEqual(['scopes[0]'])
    expect(paths({ ...bound, expiresAt: 60 }, { kind: 'change', before: bound })).toEqual(['scopes[0]'])
    expect(
      paths({ ...bound, resources: ['p:1', 'q:*'] }, { kind: 'change', before: { ...bound, resources: ['p:1'] } }),
    ).toEqual(['scopes[0]'])
    expect(
      paths({ ...bound, expiresAt: 60, scopes: ['a.b'] }, { kind: 'change', before: { ...bound, scopes: ['a.b'] } }),
    ).toEqual([])
  })
})

describe('metadata', () => {
  const metadata = { tenant: 'b' }

  test.each<[string, Action, Partial<Grant>]>([
    ['set on a new token', CREATE, { metadata }],
    ['empty on a new token', CREATE, { metadata: {} }],
    ['set on a token without', { kind: 'change', before: plain }, { metadata }],
    ['changed', { kind: 'change', before: { ...plain, metadata: { tenant: 'a' } } }, { metadata }],
    ['removed', { kind: 'change', before: { ...plain, metadata } }, {}],
    ['changed while the token is enabled', { kind: 'reissue', before: plain }, { metadata }],
  ])('%s needs the admin right', (_, action, child) => {
    expect(paths(child, action)).toEqual(['metadata'])
    expect(paths(child, action, { admin: true })).toEqual([])
  })

  test('that stays as it is needs none', () => {
    const before = { ...plain, metadata }
    expect(paths({ metadata: { tenant: 'b' }, scopes: ['a.b'] }, { kind: 'change', before })).toEqual([])
    expect(paths({ metadata: { tenant: 'b' } }, { kind: 'reissue', before })).toEqual([])
  })
})
