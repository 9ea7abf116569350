import { expect, test } from 'vitest'
import { compileNetworks } from '../../src/policy/cidr.js'
import { DENIED, evaluate, isExpired, type Subject } from '../../src/policy/evaluate.js'
import { compileResources } from '../../src/policy/resources.js'
import { compileScopes } from '../../src/policy/scopes.js'
import type { VerifyContext } from '../../src/types.js'

const good: Subject = {
  enabled: true,
  expiresAt: 2000,
  scopes: compileScopes(['a.*', 'b']),
  networks: compileNetworks(['10.0.0.0/8']),
  resources: compileResources([]),
  ownerScopes: compileScopes(['a.*', 'b', 'c']),
}
const context = { ip: '::ffff:10.0.0.1', scopes: ['a.x', 'b'] }

test('lets in what every check allows', () => {
  expect(evaluate(good, 1000, context)).toBeUndefined()
  expect(evaluate({ ...good, ownerScopes: undefined, expiresAt: undefined }, 1000, context)).toBeUndefined()
  expect(evaluate(good, 1000, { ip: '10.0.0.1' })).toBeUndefined()
  expect(evaluate(good, 1000, { ip: '10.0.0.1', scopes: [] })).toBeUndefined()
  expect(evaluate({ ...good, networks: compileNetworks([]) }, 1000, {})).toBeUndefined()
})

test('names the first reason in the fixed order, for every combination of faults', () => {
  const combinations = Array.from({ length: 64 }, (_, bits) => [32, 16, 8, 4, 2, 1].map((bit) => (bits & bit) > 0))
  for (const [disabled, expired, owner, network, scope, resource] of combinations) {
    const subject: Subject = {
      enabled: !disabled,
      expiresAt: expired ? 1000 : 1001,
      scopes: good.scopes,
      networks: compileNetworks([network ? '11.0.0.0/8' : '10.0.0.0/8']),
      resources: compileResources([resource ? 'a:2' : 'a:1']),
      ownerScopes: owner ? 'unknown' : good.ownerScopes,
    }
    const faults = [
      disabled && 'disabled',
      expired && 'expired',
      owner && 'owner_unknown',
      network && 'network',
      scope && 'scope',
      resource && 'resource',
    ]
    const asked = { scopes: scope ? ['b', 'z'] : ['b'], resources: ['a:1'] }
    const refusal = evaluate(subject, 1000, { ...context, ...asked })
    expect(refusal?.denial.reason).toBe(faults.find((fault) => fault !== false))
  }
})

test('an absent address is refused by a restricted token', () => {
  expect(evaluate(good, 1000, { scopes: ['b'] })).toBe(DENIED.network)
})

test('a bound token is refused unless it covers every resource that is named, or none matters', () => {
  const bound = { ...good, resources: compileResources(['a:1', 'b:*']) }
  const judged = (subject: Subject, resources: VerifyContext['resources']) =>
    evaluate(subject, 1000, { ...context, resources })
  for (const resources of ['any', ['a:1'], ['b:9'], ['a:1', 'b:x', 'b:y']] as const) {
    expect(judged(bound, resources)).toBeUndefined()
    expect(judged(good, resources)).toBeUndefined()
  }
  for (const resources of [['a:2'], ['a:1', 'a:2'], ['c:1']]) {
    expect(judged(bound, resources)).toBe(DENIED.resource)
    expect(judged(good, resources)).toBeUndefined()
  }
  expect(judged(bound, undefined)).toBe(DENIED.resource)
  expect(judged(good, undefined)).toBeUndefined()
})

test.each([[[]], [['']], [['a:*']], [['b:*']], [['a:1', 'b:*']], [['a:1', 'x']], [['b:undefined']], [['b:a b']]])(
  'what is no plain resource is refused to every token: %j',
  (resources) => {
    for (const held of [[], ['a:1', 'b:*'], ['*:*'], ['a:*']]) {
      const subject = { ...good, resources: compileResources(held) }
      expect(evaluate(subject, 1000, { ...context, resources })).toBe(DENIED.resource)
    }
  },
)

test('missing scopes are those that the token or its owner does not cover', () => {
  const subject = { ...good, scopes: compileScopes(['a.*', 'c']), ownerScopes: compileScopes(['a.x', 'b']) }
  const missing = (subject: Subject, scopes: string[]) => evaluate(subject, 1000, { ...context, scopes })?.denial
  expect(missing(subject, ['a.x', 'a.y', 'b', 'c', 'd'])).toEqual({ reason: 'scope', missing: ['a.y', 'b', 'c', 'd'] })
  expect(missing(subject, ['a.x'])).toBeUndefined()
  expect(missing({ ...subject, ownerScopes: undefined }, ['a.y', 'b'])).toEqual({ reason: 'scope', missing: ['b'] })
})

test('an owner without scopes cuts everything', () => {
  const subject = { ...good, ownerScopes: compileScopes([]) }
  expect(evaluate(subject, 1000, context)?.denial).toEqual({ reason: 'scope', missing: ['a.x', 'b'] })
  expect(evaluate(subject, 1000, { ...context, scopes: [] })).toBeUndefined()
})

test('refusals that say only their reason are shared, and no refusal can be changed', () => {
  expect(evaluate({ ...good, enabled: false }, 1000, context)).toBe(DENIED.disabled)
  expect(Object.isFrozen(DENIED)).toBe(true)
  for (const [reason, refusal] of Object.entries(DENIED)) expect(refusal).toEqual({ ok: false, denial: { reason } })
  const scope = evaluate(good, 1000, { ...context, scopes: ['z'] })
  for (const refusal of [...Object.values(DENIED), scope]) {
    expect(Object.isFrozen(refusal) && Object.isFrozen(refusal?.denial)).toBe(true)
  }
  expect(Object.isFrozen(scope?.denial.missing)).toBe(true)
})

test.each([
  [undefined, 0, false],
  [undefined, Number.MAX_SAFE_INTEGER, false],
  [1000, 999, false],
  [1000, 1000, true],
  [1000, 1001, true],
  [0, 0, true],
  [253_402_300_799_999, 1000, false],
  [Number.NaN, 1000, true],
  [Number.POSITIVE_INFINITY, 1000, true],
  [Number.NEGATIVE_INFINITY, 1000, true],
  [1000, Number.NaN, true],
])('expiry %s at %s is dead: %s', (expiresAt, now, expected) => {
  expect(isExpired(expiresAt, now)).toBe(expected)
})

test.each([[null], ['253402300799999'], [{}], [true]])('a corrupt expiry %j is dead', (expiresAt) => {
  expect(isExpired(expiresAt as unknown as number, 0)).toBe(true)
})
