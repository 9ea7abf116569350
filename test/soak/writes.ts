import type { Random } from '@latchkey/testkit'
import { ABSENT, type State } from './model.js'
import type { Call } from './protocol.js'
import { between, weighted } from './world.js'

/** A write to be tried, and what will be true of the token after it. */
export interface Plan {
  readonly what: string
  readonly call: Call
  /** `fresh`: the token that the write hands out; empty as long as nobody has it. */
  after(fresh: string): State
}

type Planner = (id: string, state: State, now: number, random: Random) => Plan | undefined

const enable: Planner = (id, state) => ({
  what: state.enabled ? 'disable' : 'enable',
  call: { do: 'update', id, input: { enabled: !state.enabled } },
  after: () => ({ ...state, enabled: !state.enabled }),
})

const rescope: Planner = (id, state) => {
  const scopes = state.scopes.length === 1 ? ['a.read', 'b.read'] : ['b.read']
  return {
    what: scopes.length === 1 ? 'narrow' : 'widen',
    call: { do: 'update', id, input: { scopes } },
    after: () => ({ ...state, scopes }),
  }
}

const rotate: Planner = (id, state) => ({
  what: 'rotate',
  call: { do: 'rotate', id, input: {} },
  after: (fresh) => ({ ...state, secrets: [{ token: fresh }] }),
})

const rotateWithOverlap: Planner = (id, state, now, random) => {
  const until = now + between(500, 6_000, random)
  const token = state.secrets[0]?.token ?? ''
  return {
    what: 'rotate with overlap',
    call: { do: 'rotate', id, input: { previousExpiresAt: until } },
    after: (fresh) => ({ ...state, secrets: [{ token: fresh }, { token, until }] }),
  }
}

const finish: Planner = (id, state) => {
  const [current, previous] = state.secrets
  if (current === undefined || previous === undefined) return undefined
  return { what: 'finish', call: { do: 'finish', id }, after: () => ({ ...state, secrets: [current] }) }
}

const cancel: Planner = (id, state) => {
  const previous = state.secrets[1]
  if (previous === undefined) return undefined
  const { token } = previous
  return { what: 'cancel', call: { do: 'cancel', id }, after: () => ({ ...state, secrets: [{ token }] }) }
}

export const remove: Planner = (id) => ({ what: 'delete', call: { do: 'delete', id }, after: () => ABSENT })

const revoke: Planner = (_id, state) => ({
  what: 'revoke',
  call: { do: 'revoke', token: state.secrets[0]?.token ?? '' },
  after: () => ABSENT,
})

const PLANNERS: readonly (readonly [number, Planner])[] = [
  [25, enable],
  [15, rescope],
  [12, rotate],
  [18, rotateWithOverlap],
  [12, finish],
  [8, cancel],
  [2, remove],
  [2, revoke],
]

/** A write that makes sense for a token in this state, at this time of its node. */
export function planWrite(id: string, state: State, now: number, random: Random): Plan | undefined {
  // Left alone, most tokens would be dead most of the time.
  const asItIs = random() < 0.5
  if (!asItIs && !state.enabled) return enable(id, state, now, random)
  if (!asItIs && state.expiresAt !== undefined && state.expiresAt <= now) return remove(id, state, now, random)
  return weighted(PLANNERS, random)(id, state, now, random)
}
