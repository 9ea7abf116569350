import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ApiToken, Caller, Latchkey } from '../../src/index.js'
import { type Answered, type Call, call, member } from '../support/call.js'
import { NOW, testInstance } from '../support/instance.js'

/**
 * Whatever is created, widened, re-enabled or rotated over HTTP, by whomever, can do no act that its maker cannot: an
 * act is a scope, an address and a moment, tried by real verification. A change may leave the token with acts that
 * the maker cannot do if the token could do them before; "before" is what the token as it was stored would have done
 * at that same moment with the owner's rights of that moment, and a disabled token could do nothing. A token's own
 * rotation is a change of itself.
 */
const SCOPES = ['*', 'a', 'a.*', 'a.b', 'ab.c', 'apiTokens.write']
const NETWORKS = ['0.0.0.0/0', '10.0.0.0/8', '10.1.0.0/16', '::ffff:10.1.2.0/120', '::/0', '2001:db8::/32']
const OWNERS = ['ada', 'bob'] as const
const IPS = ['10.1.2.3', '::ffff:10.1.3.4', '10.2.0.1', '11.0.0.1', '2001:db8::1', '2001:db9::1']
const ASKED = ['a', 'a.b', 'ab.c', 'z']
const TIMES = [NOW + 1, NOW + 10, NOW + 20, NOW + 30]
const EXPIRIES = [undefined, NOW + 10, NOW + 20, NOW + 30]

interface Shape {
  readonly scopes: string[]
  readonly networks: string[]
  readonly expiresAt: number | undefined
  readonly owner: (typeof OWNERS)[number]
  readonly personal: boolean
}

type Rights = Readonly<Record<(typeof OWNERS)[number], readonly string[]>>

const scopes = fc.subarray(SCOPES, { minLength: 1, maxLength: 3 })
const networks = fc.oneof(fc.constant<string[]>([]), fc.subarray(NETWORKS, { minLength: 1, maxLength: 3 }))
const expiresAt = fc.constantFrom(...EXPIRIES)
const shape: fc.Arbitrary<Shape> = fc.record({
  scopes,
  networks,
  expiresAt,
  owner: fc.constantFrom(...OWNERS),
  personal: fc.boolean(),
})
const rights: fc.Arbitrary<Rights> = fc.record({
  ada: fc.oneof(fc.constant(['*']), scopes),
  bob: fc.oneof(fc.constant(['*']), scopes),
})

/** Mostly like the other, so that a good share of what is tried is allowed. */
function like(other: fc.Arbitrary<Shape>): fc.Arbitrary<{ maker: Shape; target: Shape }> {
  const keys = ['scopes', 'networks', 'expiresAt', 'owner', 'personal'] as const
  return fc.tuple(other, shape, fc.subarray([...keys])).map(([maker, free, same]) => ({
    maker,
    target: { ...free, ...Object.fromEntries(same.map((key) => [key, maker[key]])) },
  }))
}

interface Scene {
  readonly maker: Shape
  readonly target: Shape
  readonly targetEnabled: boolean
  readonly change: Partial<Pick<Shape, 'scopes' | 'networks' | 'expiresAt'>>
  readonly overlap: boolean
  readonly enable: boolean
  readonly now: Rights
  readonly later: Rights
  readonly dialect: 'dynatrace' | 'panther'
  /** The maker is the host's caller in place of a token; `assignOwner` is its own. */
  readonly host: boolean
  readonly assignOwner: boolean
}

const scene: fc.Arbitrary<Scene> = fc
  .record({
    pair: like(shape),
    targetEnabled: fc.boolean(),
    change: fc.record({ scopes, networks, expiresAt }, { requiredKeys: [] }),
    overlap: fc.boolean(),
    enable: fc.boolean(),
    now: rights,
    later: rights,
    dialect: fc.constantFrom('dynatrace', 'panther'),
    host: fc.boolean(),
    assignOwner: fc.boolean(),
  })
  .map(({ pair: { maker, target }, now, ...rest }) => ({
    ...rest,
    // Without it nothing could even be tried.
    maker: { ...maker, scopes: writing(maker.scopes) },
    target,
    now: { ada: writing(now.ada), bob: writing(now.bob) },
  }))

function writing(scopes: readonly string[]): string[] {
  return [...new Set([...scopes, 'apiTokens.write'])]
}

/** An act: who does it, in which scope, from where, when and while the owners have which rights. */
type Acts = ReadonlySet<string>

async function set(scene: Scene) {
  const current = { rights: scene.now }
  const { latchkey, clock } = testInstance({
    lastUsed: false,
    ownerScopes: async (owner) => current.rights[owner === 'ada' ? 'ada' : 'bob'],
  })
  const maker = await issue(latchkey, scene.maker)
  const target = await issue(latchkey, scene.target, scene.targetEnabled)

  /** All that a token does, by verification, with the owners' rights of now and of later. */
  async function acts(token: string, named = true): Promise<Acts> {
    const done = new Set<string>()
    for (const [when, owners] of [scene.now, scene.later].entries()) {
      current.rights = owners
      for (const owner of OWNERS) latchkey.forgetOwner(owner)
      for (const at of TIMES) {
        clock.now = at
        for (const ip of IPS) {
          for (const asked of ASKED) {
            const ask = { ip, scopes: [asked] }
            const verdict = latchkey.verifyCached(token, ask) ?? (await latchkey.verify(token, ask))
            if (verdict.ok) done.add(`${when} ${at - NOW} ${ip} ${asked}${named ? ` ${verdict.token.owner}` : ''}`)
          }
        }
      }
    }
    current.rights = scene.now
    for (const owner of OWNERS) latchkey.forgetOwner(owner)
    clock.now = NOW
    return done
  }

  /** As the maker, from an address that its networks let in, in its dialect. */
  async function ask(request: Call): Promise<Answered> {
    const { host, dialect, assignOwner, maker: power } = scene
    const given: Caller = { ...power, expiresAt: power.expiresAt ?? Number.MAX_SAFE_INTEGER, assignOwner }
    const { expiresAt: _, ...unending } = given
    const caller = power.expiresAt === undefined ? unending : given
    let answer: Answered | undefined
    for (const ip of IPS) {
      answer = await call(latchkey, {
        ...{ ip, dialect },
        ...(host ? { authorize: () => caller } : { by: maker.token }),
        ...request,
      })
      if (answer.status !== 403 || host) break
    }
    if (answer === undefined) throw new Error('nothing was asked')
    // Bad input would make these properties true of nothing.
    if (answer.status === 400) expect(JSON.stringify(answer.body)).toMatch(/rotat|live/)
    return answer
  }

  return { latchkey, maker, target, acts, ask }
}

async function issue(latchkey: Latchkey, power: Shape, enabled = true) {
  return latchkey.create({ ...power, name: 'n', enabled })
}

function without(acts: Acts, ...others: readonly Acts[]): string[] {
  return [...acts].filter((act) => !others.some((other) => other.has(act)))
}

/** Runs a property over scenes, and makes sure that it was not true for want of allowed cases. */
async function assertOften(property: (scene: Scene, note: () => void) => Promise<void>, numRuns: number) {
  let allowed = 0
  const note = () => {
    allowed++
  }
  await fc.assert(
    fc.asyncProperty(scene, (drawn) => property(drawn, note)),
    { numRuns },
  )
  expect(allowed).toBeGreaterThan(numRuns / 10)
}

function words(scene: Scene, input: Scene['change'], named: 'scopes' | 'permissions') {
  return {
    ...(input.scopes && { [named]: input.scopes }),
    ...(input.networks && { allowedCIDRBlocks: input.networks }),
    ...(input.expiresAt !== undefined && {
      [scene.dialect === 'dynatrace' ? 'expirationDate' : 'expiresAt']: input.expiresAt,
    }),
  }
}

type Stage = Awaited<ReturnType<typeof set>>

/** What a token of this power does. Twins are made after the deed, so they tell what was true before it. */
async function actsOfTwin({ latchkey, acts }: Stage, power: Shape, named: boolean, enabled = true): Promise<Acts> {
  return acts((await issue(latchkey, power, enabled)).token, named)
}

/**
 * What the maker does. The host's word on a caller that may act for other owners is not cut down to what its own owner
 * may do.
 */
async function actsOfMaker(stage: Stage, { host, assignOwner, maker }: Scene, named: boolean): Promise<Acts> {
  return actsOfTwin(stage, { ...maker, personal: maker.personal && !(host && assignOwner) }, named)
}

describe('over HTTP, in both dialects', () => {
  test('what is created can do no more than its maker, now or when its owner may do other things', async () => {
    await assertOften(async (scene, note) => {
      const stage = await set(scene)
      const panther = scene.dialect === 'panther'
      const input = words(scene, scene.target, panther ? 'permissions' : 'scopes')
      const identity = panther ? {} : { owner: scene.target.owner, personalAccessToken: scene.target.personal }
      const answer = await stage.ask({ line: 'POST /', body: { name: 'child', ...input, ...identity } })
      if (answer.status >= 300) return
      note()
      const named = !(scene.host && scene.assignOwner)
      const child = await stage.acts(member(answer, panther ? 'value' : 'token'), named)
      expect(without(child, await actsOfMaker(stage, scene, named))).toEqual([])
    }, 200)
  })

  test('what is rotated by another can do no more than it; by itself no more than before', async () => {
    await assertOften(async (scene, note) => {
      const stage = await set(scene)
      const panther = scene.dialect === 'panther'
      const self = scene.enable
      const body = panther
        ? {}
        : {
            ...(scene.change.expiresAt !== undefined && { expirationDate: scene.change.expiresAt }),
            ...(scene.overlap && { previousSecretExpirationDate: NOW + 5 }),
          }
      const answer = await stage.ask({ line: `POST /${self ? 'self' : stage.target.id}/rotate`, body })
      if (answer.status >= 300) return
      note()
      // An impersonal token acts in no one's name but its own.
      const inName = scene.target.personal && !(scene.host && scene.assignOwner)
      const handed = await stage.acts(member(answer, panther ? 'value' : 'token'), inName)
      expect(without(handed, await actsOfMaker(stage, scene, inName))).toEqual([])
    }, 200)
  })

  test('what is changed can do no more than it could before, or its maker can', async () => {
    await assertOften(async (scene, note) => {
      const stage = await set(scene)
      const panther = scene.dialect === 'panther'
      const enabling = !panther && scene.enable && !scene.targetEnabled
      const { expiresAt: _, ...change } = scene.change
      const body = {
        ...words(scene, change, panther ? 'permissions' : 'scopes'),
        ...(panther && { name: 'n', permissions: change.scopes ?? scene.target.scopes }),
        ...(enabling && { enabled: true }),
      }
      const line = panther ? `POST /${stage.target.id}` : `PUT /${stage.target.id}`
      const answer = await stage.ask({ line, body })
      if (answer.status >= 300) return
      note()
      const before = await actsOfTwin(stage, scene.target, false, scene.targetEnabled)
      const own = await actsOfMaker(stage, scene, false)
      expect(without(await stage.acts(stage.target.token, false), before, own)).toEqual([])
      // A disabled token that is changed now may be enabled by somebody else later.
      await stage.latchkey.update(stage.target.id, { enabled: true })
      const latent = enabling ? before : await actsOfTwin(stage, scene.target, false)
      expect(without(await stage.acts(stage.target.token, false), latent, own)).toEqual([])
    }, 200)
  })

  test('no chain of deeds of one caller makes more of a token than was there at first', async () => {
    const deed = fc.record({ kind: fc.constantFrom('create', 'update', 'enable', 'disable', 'rotate'), shape })
    let deeds = 0
    await fc.assert(
      fc.asyncProperty(scene, fc.array(deed, { minLength: 2, maxLength: 6 }), async (drawn, chain) => {
        const scene = { ...drawn, dialect: 'dynatrace' as const, host: false }
        const stage = await set(scene)
        const handed: string[] = []
        for (const { kind, shape } of chain) {
          const expiry = shape.expiresAt === undefined ? {} : { expirationDate: shape.expiresAt }
          const input = { scopes: shape.scopes, allowedCIDRBlocks: shape.networks }
          const requests: Record<string, Call> = {
            create: {
              line: 'POST /',
              body: { name: 'n', ...input, ...expiry, personalAccessToken: shape.personal },
            },
            update: { line: `PUT /${stage.target.id}`, body: input },
            enable: { line: `PUT /${stage.target.id}`, body: { enabled: true } },
            disable: { line: `PUT /${stage.target.id}`, body: { enabled: false } },
            rotate: { line: `POST /${stage.target.id}/rotate`, body: expiry },
          }
          const answer = await stage.ask(requests[kind] ?? { line: 'GET /' })
          if (answer.status >= 300) continue
          deeds++
          if (kind === 'create' || kind === 'rotate') handed.push(member(answer, 'token'))
        }
        const own = await actsOfMaker(stage, scene, false)
        for (const token of handed) expect(without(await stage.acts(token, false), own)).toEqual([])
        // The target's first secret is in other hands: it may do what it could.
        const old = await stage.acts(stage.target.token, false)
        const before = await actsOfTwin(stage, scene.target, false, scene.targetEnabled)
        expect(without(old, before, own)).toEqual([])
      }),
      { numRuns: 150 },
    )
    expect(deeds).toBeGreaterThan(50)
  })
})

test('identity: a child belongs to its maker’s owner, and is personal if the maker is', async () => {
  await assertOften(async (scene, note) => {
    const stage = await set(scene)
    const { owner, personal } = scene.target
    const power = words({ ...scene, dialect: 'dynatrace' }, scene.maker, 'scopes')
    const body = { name: 'child', ...power, owner, personalAccessToken: personal }
    const answer = await stage.ask({ line: 'POST /', body, dialect: 'dynatrace' })
    if (answer.status >= 300) return
    note()
    const child: ApiToken = await stage.latchkey.get(member(answer, 'id'))
    if (!(scene.host && scene.assignOwner)) expect(child.owner).toBe(scene.maker.owner)
    expect(child.personal || !scene.maker.personal).toBe(true)
  }, 200)
})
