import { describe, expect, test } from 'vitest'
import { isActive, MAX_RETIRED, publicView, retire } from '../../src/token/record.js'
import type { TokenRecord } from '../../src/types.js'

const NOW = 1_700_000_000_000

function record(changes: Partial<TokenRecord> = {}): TokenRecord {
  return {
    id: 'lk.AAAAAAAAAAAAAAAAAAAAAAAA',
    name: 'n',
    owner: 'o',
    personal: false,
    enabled: true,
    scopes: ['a'],
    networks: ['10.0.0.0/8'],
    resources: ['p:1'],
    metadata: { deep: { list: [1, { x: 1 }] } },
    version: 3,
    createdAt: NOW,
    secrets: [
      { gen: 3, hash: '$current$', tag: '11111111', lastUsedAt: NOW },
      { gen: 1, hash: '$previous$', tag: '22222222', until: NOW + 10, lastUsedAt: NOW - 5, lastUsedIp: '10.0.0.1' },
    ],
    retired: ['33333333'],
    ...changes,
  }
}

describe('publicView', () => {
  test('shows no hash, tag, generation, version or retired tag', () => {
    const text = JSON.stringify(publicView(record(), NOW))
    for (const hidden of [
      'hash',
      'tag',
      'gen',
      'version',
      'retired',
      '$current$',
      '11111111',
      '22222222',
      '33333333',
    ]) {
      expect(text).not.toContain(hidden)
    }
  })

  test('leaves out what is unset', () => {
    const { metadata: _, ...plain } = record({ secrets: [{ gen: 1, hash: 'h', tag: 't' }] })
    expect(Object.keys(publicView(plain, NOW))).toEqual([
      'id',
      'name',
      'owner',
      'personal',
      'enabled',
      'scopes',
      'networks',
      'resources',
      'createdAt',
    ])
  })

  test('tells of the previous secret while it lives, and not from its very end on', () => {
    expect(publicView(record(), NOW + 9).previousSecret).toEqual({
      expiresAt: NOW + 10,
      lastUsedAt: NOW - 5,
      lastUsedIp: '10.0.0.1',
    })
    expect(publicView(record(), NOW + 10).previousSecret).toBeUndefined()
  })

  test('is frozen through and through: one request cannot change what the next one sees', () => {
    const view = publicView(record(), NOW)
    const deep = view.metadata?.deep as { list: unknown[] }
    for (const part of [
      view,
      view.scopes,
      view.networks,
      view.resources,
      view.metadata,
      deep,
      deep.list,
      deep.list[1],
      view.previousSecret,
    ]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
    expect(view.metadata).toEqual({ deep: { list: [1, { x: 1 }] } })
  })
})

test('a secret is dead from its end on, and at a time that is none', () => {
  expect(isActive({}, NOW)).toBe(true)
  expect(isActive({ until: NOW + 1 }, NOW)).toBe(true)
  expect(isActive({ until: NOW }, NOW)).toBe(false)
  expect(isActive({ until: NOW }, Number.NaN)).toBe(false)
})

test('retire puts the newest dead in front and forgets beyond the limit', () => {
  const dead = (tag: string) => ({ gen: 1, hash: 'h', tag })
  const full = Array.from({ length: MAX_RETIRED }, (_, i) => `old${i}`)
  expect(retire(['a'], dead('c'), undefined, dead('b'))).toEqual(['c', 'b', 'a'])
  expect(retire(full, dead('new'))).toEqual(['new', ...full.slice(0, MAX_RETIRED - 1)])
})
