// A caller, the token that it acts on, and what would come of it: planned at random, or aimed at one cell of the page.
import { type ApiToken, type CreateInput, memoryStore, type TokenStore } from '@latchkey/core'
import { compact, type EnvironmentStore } from '@latchkey/core/store'
import fc from 'fast-check'
import type { Dimension, Way } from './authority-page.js'
import {
  BLOCKS,
  GRANTS,
  type Holding,
  LIFETIMES,
  type Outcome,
  RESOURCES,
  type Reach,
  reachOf,
} from './authority-reach.js'
import { type Acting, CHANNELS, type Channel, sayable, type Wish } from './authority-ways.js'
import type { Scene } from './scene.js'

const holding = fc.record({
  scopes: fc.uniqueArray(fc.constantFrom(...GRANTS), { minLength: 1, maxLength: 4 }),
  networks: fc.uniqueArray(fc.constantFrom(...BLOCKS.filter((block) => !block.includes('ffff'))), { maxLength: 2 }),
  resources: fc.uniqueArray(fc.constantFrom(...RESOURCES), { maxLength: 2 }),
  lifetime: fc.option(fc.constantFrom(...LIFETIMES), { nil: undefined }),
  owner: fc.constantFrom('the caller', 'another'),
  personal: fc.boolean(),
  metadata: fc.constantFrom(undefined, { team: 'a' }, { team: 'b' }),
})
export const anyPlan: fc.Arbitrary<Plan> = fc.record({
  channel: fc.constantFrom(...CHANNELS),
  isToken: fc.boolean(),
  caller: holding,
  admin: fc.constantFrom('no', 'no', 'by scope', 'by assignOwner'),
  ownerScopes: fc.constantFrom(['*'], ['*'], ['reports.*', 'apiTokens.admin'], ['logs.read']),
  target: fc.constantFrom('like the caller', 'weaker', 'any'),
  ofTarget: holding,
  wish: fc.constantFrom('what it has', 'what the caller has', 'any'),
  ofWish: holding,
})

export interface Plan {
  readonly channel: Channel
  /** Whether a token calls; else the host names the caller. */
  readonly isToken: boolean
  readonly caller: Holding
  readonly admin: 'no' | 'by scope' | 'by assignOwner'
  /** What the owner of a personal caller may do, beside writing tokens. */
  readonly ownerScopes: readonly string[]
  readonly target: 'like the caller' | 'weaker' | 'any'
  /** What an `any` target has, and any target in the dimension that is looked at. */
  readonly ofTarget: Holding
  readonly wish: 'what it has' | 'what the caller has' | 'any'
  readonly ofWish: Holding
}

/** More than the callers of aimed plans have, in each dimension. */
const MORE = fc.record({
  scopes: fc.constantFrom(['reports.write'], ['reports.*'], ['reports'], ['logs.read', 'reports.read'], ['*']),
  networks: fc.constantFrom([], ['0.0.0.0/0'], ['192.0.2.0/24'], ['10.0.0.0/8', '::/0']),
  resources: fc.constantFrom([], ['p:*'], ['p:2'], ['p:1', 'q:1']),
  lifetime: fc.constant(LIFETIMES[2]),
  owner: fc.constant('another'),
  personal: fc.constant(false),
  metadata: fc.constantFrom({ team: 'a' }, { team: 'b' }),
})

type AimedPlan = Omit<Plan, 'channel' | 'isToken' | 'admin' | 'wish'>

/** Plans in which nothing but one dimension is more than the caller has. */
export function aimedPlan(way: Way, dimension: Dimension): fc.Arbitrary<AimedPlan> {
  const caller: Holding = {
    ...{ scopes: ['reports.read'], networks: ['10.0.0.0/8'], lifetime: LIFETIMES[1], owner: 'the caller' },
    ...{ personal: dimension === 'personal', metadata: undefined },
    // The Panther dialect has no word for them, so a bound caller can create no token there.
    resources: dimension === 'resources' ? ['p:1'] : [],
  }
  return MORE.map((more): AimedPlan => {
    const ofWish = { ...caller, ...memberOf(more, dimension) }
    // An update that adds nothing asks for nothing; and it changes neither owner nor personal.
    const isNew = dimension === 'metadata' || (way === 'update' && dimension !== 'owner' && dimension !== 'personal')
    const target = way === 'update' ? 'weaker' : 'like the caller'
    return { caller, target, ofTarget: isNew ? caller : ofWish, ofWish, ownerScopes: ['*'] }
  })
}

export interface Stage {
  readonly acting: Acting
  readonly isAdmin: boolean
  readonly outcome: Outcome
  readonly id: string
  readonly wish: Wish
}

/** Nothing of the token itself can be more than it has, but a later end. */
export function isNeverExceeded(way: Way, dimension: Dimension): boolean {
  return way === 'cancel itself' || (way === 'rotate itself' && dimension !== 'expiry')
}

/** A caller, the token that it acts on, and what would come of it. `undefined`: it may write tokens from nowhere. */
export async function setStage(
  host: Scene,
  find: (holding: Holding) => Promise<Reach>,
  rights: Map<string, readonly string[]>,
  plan: Plan,
  way: Way,
  dimension: Dimension,
  round: number,
): Promise<Stage | undefined> {
  const { latchkey, clock } = host
  const isToken = plan.isToken && plan.channel !== 'in process'
  const name = `caller ${round}`
  const byScope = plan.admin === 'by scope' ? ['apiTokens.admin'] : []
  const caller: Holding = {
    ...plan.caller,
    owner: name,
    scopes: [...new Set(['apiTokens.write', ...byScope, ...plan.caller.scopes])],
    metadata: undefined,
  }
  rights.set(name, ['apiTokens.write', ...plan.ownerScopes])
  const issued = isToken ? await latchkey.create({ name, ...inputOf(caller, clock.at) }) : undefined
  const callerReach = issued === undefined ? await find(caller) : await reachOf(latchkey, clock, issued.token)
  const place = [...callerReach.networks].find((ip) => ip !== 'nowhere')
  if (place === undefined) return undefined
  const isAdmin = callerReach.scopes.has('apiTokens.admin') || (issued === undefined && plan.admin === 'by assignOwner')
  const acting: Acting = {
    channel: plan.channel,
    token: issued?.token,
    place,
    caller: {
      ...{ owner: name, scopes: caller.scopes, networks: caller.networks, personal: caller.personal },
      resources: caller.resources,
      ...{ expiresAt: caller.lifetime && clock.at + caller.lifetime, assignOwner: plan.admin === 'by assignOwner' },
    },
  }

  const owned = (holding: Holding): Holding => ({ ...holding, owner: holding.owner === 'another' ? 'another' : name })
  const target = way.endsWith('itself') ? caller : owned(targetOf(caller, plan, dimension))
  const wished = owned(wishOf(caller, target, plan, dimension))
  const wish = sayable(way, plan.channel, wished)
  const base =
    way === 'create' ? { ...caller, metadata: undefined, networks: [], resources: [], lifetime: undefined } : target
  const after: Holding = { ...base, ...compact(wish) }
  const before = way === 'create' ? undefined : { holding: target, reach: await find(target) }
  const outcome = { caller, callerReach, before, after: { holding: after, reach: await find(after) } }
  if (way === 'create') return { acting, isAdmin, outcome, id: '', wish }

  const id = issued !== undefined && way.endsWith('itself') ? issued.id : await issueTarget(host, way, target)
  if (way !== 'cancel itself' || issued === undefined) return { acting, isAdmin, outcome, id, wish }
  const { token } = await latchkey.rotate(id, { previousExpiresAt: clock.at + 60_000 })
  return { acting: { ...acting, token }, isAdmin, outcome, id, wish }
}

async function issueTarget({ latchkey, clock }: Scene, way: Way, target: Holding): Promise<string> {
  const { id } = await latchkey.create({ name: 'target', ...inputOf(target, clock.at), enabled: way !== 'enable' })
  if (way === 'cancel') await latchkey.rotate(id, { previousExpiresAt: clock.at + 60_000 })
  return id
}

/** The token that is acted on: it differs from what the plan says in the dimension that is looked at. */
function targetOf(caller: Holding, { target, ofTarget }: Plan, dimension: Dimension): Holding {
  const like = { ...caller, owner: 'the caller' }
  const weaker = {
    ...like,
    scopes: ['apiTokens.write'],
    lifetime: Math.min(LIFETIMES[0], caller.lifetime ?? LIFETIMES[0]),
  }
  const base = { 'like the caller': like, weaker, any: ofTarget }[target]
  return { ...base, ...memberOf(ofTarget, dimension) }
}

function wishOf(caller: Holding, target: Holding, { wish, ofWish }: Plan, dimension: Dimension): Holding {
  const like = { ...caller, owner: 'the caller', metadata: target.metadata }
  const base = { 'what it has': target, 'what the caller has': like, any: ofWish }[wish]
  return { ...base, ...memberOf(ofWish, dimension) }
}

function memberOf(holding: Holding, dimension: Dimension): Partial<Holding> {
  if (dimension === 'environment') return {}
  return dimension === 'expiry' ? { lifetime: holding.lifetime } : { [dimension]: holding[dimension] }
}

function inputOf({ lifetime, ...input }: Holding, now: number): Omit<CreateInput, 'name'> {
  return { ...input, expiresAt: lifetime && now + lifetime }
}

export function grantOf(token: ApiToken, now: number): Holding {
  const { owner, personal, scopes, networks, resources, expiresAt, metadata } = token
  return { owner, personal, scopes, networks, resources, lifetime: expiresAt && expiresAt - now, metadata }
}

/** A store that counts what is written of tokens, but for their last uses. */
export function countingStore(): TokenStore & { writes: number } {
  const inner = memoryStore()
  const store = {
    ...inner,
    writes: 0,
    async open(environment: string): Promise<EnvironmentStore> {
      const { insert, update, remove, ...rest } = await inner.open(environment)
      const counted = <T>(write: Promise<T>) => {
        store.writes++
        return write
      }
      return {
        ...rest,
        insert: (...args) => counted(insert(...args)),
        update: (...args) => counted(update(...args)),
        remove: (...args) => counted(remove(...args)),
      }
    },
  }
  return store
}
