import type { SortKey } from '@latchkey/core'
import type { ListFilter, ListSort } from '@latchkey/core/store'
import { DAY, NOW, ownerOf } from './data.js'

export interface Query {
  name: string
  filter: ListFilter
  sort: ListSort
}

const ago = (days: number) => NOW - days * DAY
const SORTS: Record<string, SortKey> = {
  created: 'createdAt',
  used: 'lastUsedAt',
  expires: 'expiresAt',
  modified: 'modifiedAt',
  name: 'name',
}

export const EVERY_SORT: readonly ListSort[] = Object.values(SORTS).flatMap((by) => [
  { by, direction: 'asc' as const },
  { by, direction: 'desc' as const },
])

const FILTERS: Record<string, ListFilter> = {
  'head owner': { owner: ownerOf(1) },
  'middle owner': { owner: ownerOf(30) },
  'tail owner': { owner: ownerOf(900) },
  personal: { personal: true },
  'scope OR 2': { scopes: ['reports.read', 'logs.export'] },
  'scope OR 2, personal': { scopes: ['reports.read', 'logs.export'], personal: true },
  'used 30..10 days ago': { lastUsed: { from: ago(30), to: ago(10) } },
  'used within 300 days': { lastUsed: { from: ago(300), to: NOW } },
  'used > 1 year ago': { lastUsed: { to: ago(365) } },
  'head owner, scope OR 2, used 30..10': {
    owner: ownerOf(1),
    scopes: ['reports.read', 'logs.export'],
    lastUsed: { from: ago(30), to: ago(10) },
  },
  'middle owner, scope OR 2, used 300': {
    owner: ownerOf(30),
    scopes: ['reports.read', 'logs.export'],
    lastUsed: { from: ago(300), to: NOW },
  },
  'scope OR 2, used 300': { scopes: ['reports.read', 'logs.export'], lastUsed: { from: ago(300), to: NOW } },
}

/** Every filter by every sort, in one direction each. */
export const FILTERED: readonly Query[] = Object.entries(FILTERS).flatMap(([what, filter]) =>
  Object.entries(SORTS).map(([word, by]) => {
    const direction = by === 'name' || by === 'expiresAt' ? ('asc' as const) : ('desc' as const)
    return { name: `${what}, ${direction === 'asc' ? '+' : '-'}${word}`, filter, sort: { by, direction } }
  }),
)

/** Each filter once, for its total. */
export const COUNTED: readonly Query[] = Object.entries({ 'no filter': {}, ...FILTERS }).map(([name, filter]) => ({
  name,
  filter,
  sort: { by: 'createdAt', direction: 'desc' },
}))

export function nameOf({ by, direction }: ListSort): string {
  const word = Object.entries(SORTS).find(([, key]) => key === by)?.[0] ?? by
  return `${direction === 'asc' ? '+' : '-'}${word}`
}
