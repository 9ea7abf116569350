import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileNetworks } from '../../src/policy/cidr.js'
import { DENIED, evaluate, type Subject } from '../../src/policy/evaluate.js'
import { compileScopes } from '../../src/policy/scopes.js'

const good: Subject = {
  enabled: true,
  expiresAt: 2000,
  scopes: compileScopes(['a.*', 'b']),
  networks: compileNetworks(['10.0.0.0/8']),
  ownerScopes: compileScopes(['a.*', 'b', 'c']),
}
const ask = { now: 1000, ip: '::ffff:10.0.0.1', scopes: ['a.x', 'b'] }

test('lets in what every check allows', () => {
  expect(evaluate(good, ask)).toBeUndefined()
  expect(evaluate({ ...good, ownerScopes: undefined, expiresAt: undefined }, ask)).toBeUndefined()
  expect(evaluate(good, { now: 1000, ip: '10.0.0.1' })).toBeUndefined()
  expect(evaluate(good, { now: 1000, ip: '10.0.0.1', scopes: [] })).toBeUndefined()
  expect(evaluate({ ...good, networks: compileNetworks([]) }, { now: 1000 })).toBeUndefined()
})

test('names the first reason in the fixed order, for every combination of faults', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      (disabled, expired, owner, network, scope) => {
        const subject: Subject = {
          ...good,
          enabled: !disabled,
          expiresAt: expired ? 1000 : 1001,
          networks: compileNetworks([network ? '11.0.0.0/8' : '10.0.0.0/8']),
          ...(owner ? { ownerScopes: 'unknown' as const } : {}),
        }
        const faults = [
          disabled && 'disabled',
          expired && 'expired',
          owner && 'owner_unknown',
          network && 'network',
          scope && 'scope',
        ]
        const denial = evaluate(subject, { ...ask, scopes: scope ? ['b', 'z'] : ['b'] })
        expect(denial?.reason).toBe(faults.find((fault) => fault !== false))
      },
    ),
    { numRuns: 300 },
  )
})

test('an absent address is refused by a restricted token', () => {
  expect(evaluate(good, { now: 1000, scopes: ['b'] })).toEqual({ reason: 'network' })
})

test('missing scopes are those that the token or its owner does not cover', () => {
  const subject = { ...good, scopes: compileScopes(['a.*', 'c']), ownerScopes: compileScopes(['a.x', 'b']) }
  expect(evaluate(subject, { ...ask, scopes: ['a.x', 'a.y', 'b', 'c', 'd'] })).toEqual({
    reason: 'scope',
    missing: ['a.y', 'b', 'c', 'd'],
  })
  expect(evaluate(subject, { ...ask, scopes: ['a.x'] })).toBeUndefined()
  expect(evaluate({ ...subject, ownerScopes: undefined }, { ...ask, scopes: ['a.y', 'b'] })).toEqual({
    reason: 'scope',
    missing: ['b'],
  })
})

test('an owner without scopes cuts everything', () => {
  const subject = { ...good, ownerScopes: compileScopes([]) }
  expect(evaluate(subject, ask)).toEqual({ reason: 'scope', missing: ['a.x', 'b'] })
  expect(evaluate(subject, { ...ask, scopes: [] })).toBeUndefined()
})

test('fixed refusals are shared and cannot be changed', () => {
  expect(evaluate({ ...good, enabled: false }, ask)).toBe(DENIED.disabled)
  expect(Object.isFrozen(DENIED)).toBe(true)
  for (const [reason, denial] of Object.entries(DENIED)) {
    expect(denial).toEqual({ reason })
    expect(Object.isFrozen(denial)).toBe(true)
  }
})
