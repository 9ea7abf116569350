// What a token can do, found by trying, and by nothing that the product decides by.
import type { CreateInput, Latchkey, VerifyContext } from '@latchkey/core'
import type { Demand, Dimension } from './authority-page.js'

const HOUR = 3_600_000

export const GRANTS = [
  ...['apiTokens.write', 'apiTokens.admin', 'reports.read', 'reports.write', 'reports', 'logs.read'],
  ...['reports.*', 'apiTokens.*', 'logs.*', '*'],
] as const
export const BLOCKS = [
  ...['10.0.0.0/8', '10.1.0.0/16', '::ffff:10.0.0.0/104', '192.0.2.0/24', '2001:db8::/32', '0.0.0.0/0', '::/0'],
] as const
export const RESOURCES = ['p:1', 'p:2', 'p:*', 'q:1'] as const
export const LIFETIMES = [HOUR, 24 * HOUR, 48 * HOUR] as const

/** One scope that tells any two of the grants apart, for each of them. */
const SCOPES = [
  ...['apiTokens.write', 'apiTokens.admin', 'reports.read', 'reports.write', 'reports', 'logs.read'],
  ...['apiTokens.other', 'reports.other', 'logs.other', 'other'],
]
/** An address that tells any two of the blocks apart, for each of them. No address is allowed by no block. */
const PLACES = ['10.0.0.1', '10.1.0.1', '192.0.2.1', '203.0.113.9', '2001:db8::1', '2001:dead::1', 'nowhere']
/** Resources that tell the ones above apart, and each of them from all. `none`: where no resource is named. */
const USES = ['p:1', 'p:2', 'p:3', 'q:1', 'q:2', 'none']
/** Times after now that tell the lifetimes apart, and each of them from no end. */
const TIMES = [0, HOUR, 24 * HOUR, 48 * HOUR]

/** What a token grants. Its life is in ms from now; absent: it does not end. */
export interface Holding {
  readonly owner: string
  readonly personal: boolean
  readonly scopes: readonly string[]
  readonly networks: readonly string[]
  readonly resources: readonly string[]
  readonly lifetime: number | undefined
  readonly metadata: Readonly<Record<string, unknown>> | undefined
}

/** The scopes, places, resources and times that a token is let in with: every combination of them, and no other. */
export interface Reach {
  readonly scopes: ReadonlySet<string>
  readonly networks: ReadonlySet<string>
  readonly resources: ReadonlySet<string>
  readonly expiry: ReadonlySet<number>
}

/** Tries every scope at every place and time, and every resource for all of these that it has now. */
export async function reachOf(latchkey: Latchkey, clock: { at: number }, token: string): Promise<Reach> {
  const begin = clock.at
  const found = {
    ...{
      scopes: new Set<string>(),
      networks: new Set<string>(),
      resources: new Set<string>(),
      expiry: new Set<number>(),
    },
  }
  const isLetIn = async (scope: string, place: string, resources: VerifyContext['resources']) => {
    const ip = place === 'nowhere' ? undefined : place
    return (await latchkey.verify(token, { ip, scopes: [scope], resources })).ok
  }
  let combinations = 0
  for (const time of TIMES) {
    clock.at = begin + time
    for (const place of PLACES) {
      for (const scope of SCOPES) {
        if (!(await isLetIn(scope, place, 'any'))) continue
        combinations++
        found.scopes.add(scope)
        found.networks.add(place)
        found.expiry.add(time)
      }
    }
  }
  clock.at = begin
  if (combinations !== found.scopes.size * found.networks.size * found.expiry.size) {
    throw new Error('The reach is not made of independent dimensions.')
  }
  let uses = 0
  for (const use of USES) {
    for (const scope of found.scopes) {
      for (const place of found.networks) {
        if (!(await isLetIn(scope, place, use === 'none' ? undefined : [use]))) continue
        uses++
        found.resources.add(use)
      }
    }
  }
  if (uses !== found.resources.size * found.scopes.size * found.networks.size) {
    throw new Error('The resources are not independent of the other dimensions.')
  }
  return found
}

/** Finds out what holdings would allow, each by a token of nobody's that holds the same. */
export function reachFinder(latchkey: Latchkey, clock: { at: number }): (holding: Holding) => Promise<Reach> {
  const known = new Map<string, Promise<Reach>>()
  return ({ scopes, networks, resources, lifetime }) => {
    const key = JSON.stringify([scopes, networks, resources, lifetime])
    const found = known.get(key) ?? find({ scopes, networks, resources, expiresAt: lifetime && clock.at + lifetime })
    known.set(key, found)
    return found
  }

  async function find(input: Pick<CreateInput, 'scopes' | 'networks' | 'resources' | 'expiresAt'>): Promise<Reach> {
    const { token } = await latchkey.create({ name: 'probe', owner: 'nobody', ...input })
    return reachOf(latchkey, clock, token)
  }
}

/** What a way would make of a token, and what its caller has. */
export interface Outcome {
  readonly caller: Holding
  readonly callerReach: Reach
  /** Absent for a token that is new. */
  readonly before: { readonly holding: Holding; readonly reach: Reach } | undefined
  readonly after: { readonly holding: Holding; readonly reach: Reach }
}

/** Whether a demand is not met. */
export function isExceeded(dimension: Dimension, demand: Demand, outcome: Outcome): boolean {
  const { caller, before, after } = outcome
  const added = additions(outcome)
  const isAdded = Object.values(added).some((values) => values.size > 0)
  if (demand === '–' || (demand === 'own if added' && !isAdded)) return false
  switch (dimension) {
    case 'owner':
      return after.holding.owner !== caller.owner
    case 'personal':
      return caller.personal && !after.holding.personal
    case 'metadata':
      return JSON.stringify(after.holding.metadata) !== JSON.stringify(before?.holding.metadata)
    // Tokens of other environments are unknown: there is a test of its own.
    case 'environment':
      return false
    default: {
      const isElsewhere = (Object.keys(added) as (keyof Reach)[]).some(
        (axis) => axis !== dimension && added[axis].size > 0,
      )
      const counted = demand === 'all' || isElsewhere ? after.reach[dimension] : added[dimension]
      return without<unknown>(counted, outcome.callerReach[dimension]).size > 0
    }
  }
}

function additions({ before, after: { reach } }: Outcome): Reach {
  const known = before?.reach ?? { scopes: new Set(), networks: new Set(), resources: new Set(), expiry: new Set() }
  return {
    scopes: without(reach.scopes, known.scopes),
    networks: without(reach.networks, known.networks),
    resources: without(reach.resources, known.resources),
    expiry: without(reach.expiry, known.expiry),
  }
}

function without<T>(values: ReadonlySet<T>, others: ReadonlySet<T>): Set<T> {
  return new Set([...values].filter((value) => !others.has(value)))
}

/** Whether one reach lies within another. */
export function isWithin(inner: Reach, outer: Reach): boolean {
  const axes = ['scopes', 'networks', 'resources', 'expiry'] as const
  return axes.every((axis) => without<unknown>(inner[axis], outer[axis]).size === 0)
}
