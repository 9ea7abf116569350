import { computed, signal } from '@preact/signals'

/** What the list is narrowed to. Empty: not at all. */
export interface Filters {
  readonly owner: string
  readonly scope: string
  readonly status: '' | 'active' | 'disabled' | 'expired'
  readonly used: '' | 'last-7d' | 'not-30d' | 'not-90d' | 'not-365d'
}

const NONE: Filters = { owner: '', scope: '', status: '', used: '' }
const STATUSES: readonly string[] = ['active', 'disabled', 'expired']
const USES: readonly string[] = ['last-7d', 'not-30d', 'not-90d', 'not-365d']
const SORTS = /^-?(?:name|lastUsedAt|expiresAt)$/

/** The view stands in the address, so that it can be linked. */
function readAddress() {
  const query = new URLSearchParams(location.search)
  const get = (name: string) => query.get(name) ?? ''
  const known = (name: string, values: readonly string[]) => (values.includes(get(name)) ? get(name) : '')
  return {
    filters: {
      owner: get('owner'),
      scope: get('scope'),
      status: known('status', STATUSES),
      used: known('used', USES),
    } as Filters,
    sort: SORTS.test(get('sort')) ? get('sort') : '',
    id: get('id'),
  }
}

const atStart = readAddress()
export const filters = signal<Filters>(atStart.filters)
/** A member of tokens, `-` in front for descending. Empty: newest first. */
export const sort = signal(atStart.sort)
/** The id of the token whose details are shown, or empty. */
export const openedId = signal(atStart.id)

export const isFiltered = computed(() => Object.values(filters.value).some((value) => value !== ''))

export function setFilters(changes: Partial<Filters>): void {
  filters.value = { ...filters.peek(), ...changes }
  writeAddress()
}

export function clearFilters(): void {
  setFilters(NONE)
}

export function showTokensOf(owner: string): void {
  setFilters({ ...NONE, owner })
}

export function setSort(value: string): void {
  sort.value = value
  writeAddress()
}

export function setOpenedId(id: string): void {
  openedId.value = id
  writeAddress()
}

export function resetView(): void {
  filters.value = NONE
  sort.value = ''
  setOpenedId('')
}

function writeAddress(): void {
  const shown = { ...filters.peek(), sort: sort.peek(), id: openedId.peek() }
  const query = new URLSearchParams(Object.entries(shown).filter(([, value]) => value !== '')).toString()
  history.replaceState(history.state, '', query === '' ? location.pathname : `?${query}`)
}

/** The names and values of the list's query that say the same. `scope` is one literal scope. */
export function queryOf({ owner, scope, status, used }: Filters): Readonly<Record<string, string>> {
  const [, kind, time] = /^(last|not)-(.*)$/.exec(used) ?? []
  return {
    ...(owner !== '' && { owner }),
    ...(scope !== '' && { scope }),
    // Those that have expired meanwhile are left out by the list.
    ...(status === 'active' && { enabled: 'true' }),
    ...(status === 'disabled' && { enabled: 'false' }),
    ...(status === 'expired' && { expiresBefore: 'now' }),
    ...(kind === 'last' && { lastUsedAfter: `now-${time}` }),
    ...(kind === 'not' && { unusedSince: `now-${time}` }),
  }
}
