import { batch, effect, signal } from '@preact/signals'
import { type ApiError, asApiError, call, credential } from './api'
import { isExpired } from './format'
import { capabilities, status } from './session'
import type { Token, TokenList } from './types'
import { filters, queryOf, sort } from './view'

const PAGE_SIZE = 50
/** Requests for one page, of which each may find expired tokens only. */
const MAX_REQUESTS = 10

/** The rows, in the pages in which they came, so that a change draws one page again. */
export const pages = signal<readonly (readonly Token[])[]>([])
export const total = signal<number | undefined>(undefined)
export const nextCursor = signal<string | undefined>(undefined)
export const isLoading = signal(false)
export const listError = signal<ApiError | undefined>(undefined)

/** Given up when another view is asked for. */
let running = new AbortController()

function begin(): AbortSignal {
  running.abort()
  running = new AbortController()
  listError.value = undefined
  isLoading.value = true
  return running.signal
}

async function run(load: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const signal = begin()
  try {
    await load(signal)
  } catch (error) {
    if (!signal.aborted) listError.value = asApiError(error)
  } finally {
    if (!signal.aborted) isLoading.value = false
  }
}

/** Loads the first page of the view. */
export function reload(): Promise<void> {
  return run(async (signal) => {
    const [found, all] = await Promise.all([readPage(undefined, signal), countExpired(signal)])
    if (signal.aborted) return
    batch(() => {
      pages.value = [found.tokens]
      nextCursor.value = found.next
      total.value = found.total - all
    })
  })
}

export function loadMore(): Promise<void> {
  const cursor = nextCursor.peek()
  if (cursor === undefined || isLoading.peek()) return Promise.resolve()
  return run(async (signal) => {
    const found = await readPage(cursor, signal)
    if (signal.aborted) return
    // A token that was made here stands in front already, wherever the sort puts it.
    const known = new Set(pages.peek().flatMap((page) => page.map(({ id }) => id)))
    batch(() => {
      pages.value = [...pages.peek(), found.tokens.filter(({ id }) => !known.has(id))]
      nextCursor.value = found.next
    })
  })
}

/** Fills a page. A caller that may not list sees its own token. */
async function readPage(cursor: string | undefined, signal: AbortSignal): Promise<TokenList> {
  if (capabilities.peek()?.may.read === false) return ownToken(signal)
  const onlyLiving = filters.peek().status === 'active'
  const tokens: Token[] = []
  let next = cursor
  let found: TokenList
  let requests = 0
  do {
    const limit = String(PAGE_SIZE - tokens.length)
    const query = next === undefined ? firstQuery({ limit }) : new URLSearchParams({ cursor: next, limit })
    found = await call<TokenList>('GET', `?${query}`, undefined, signal)
    tokens.push(...(onlyLiving ? found.tokens.filter((token) => !isExpired(token)) : found.tokens))
    next = found.next
    requests += 1
  } while (onlyLiving && tokens.length < PAGE_SIZE && next !== undefined && requests < MAX_REQUESTS)
  return { ...found, tokens }
}

async function ownToken(signal: AbortSignal): Promise<TokenList> {
  if (credential.peek() === undefined) return { tokens: [], total: 0 }
  return { tokens: [await call<Token>('GET', '/self', undefined, signal)], total: 1 }
}

function firstQuery(more: Readonly<Record<string, string>>): URLSearchParams {
  const order = sort.peek()
  return new URLSearchParams({ ...queryOf(filters.peek()), ...(order !== '' && { sort: order }), ...more })
}

/** How many tokens the filter `Active` leaves out, because they are enabled and have expired. */
async function countExpired(signal: AbortSignal): Promise<number> {
  if (filters.peek().status !== 'active' || capabilities.peek()?.may.read === false) return 0
  const query = firstQuery({ expiresBefore: 'now', limit: '1' })
  return (await call<TokenList>('GET', `?${query}`, undefined, signal)).total
}

/** Shows a token as it is now. */
export function replaceToken(token: Token): void {
  pages.value = pages
    .peek()
    .map((page) =>
      page.some(({ id }) => id === token.id) ? page.map((old) => (old.id === token.id ? token : old)) : page,
    )
}

export function addToken(token: Token): void {
  const [first = [], ...rest] = pages.peek()
  pages.value = [[token, ...first], ...rest]
  total.value = (total.peek() ?? 0) + 1
}

export function removeToken(id: string): void {
  const before = pages.peek()
  if (!before.some((page) => page.some((token) => token.id === id))) return
  pages.value = before.map((page) =>
    page.some((token) => token.id === id) ? page.filter((token) => token.id !== id) : page,
  )
  total.value = Math.max(0, (total.peek() ?? 0) - 1)
}

export function forgetList(): void {
  running.abort()
  pages.value = []
  total.value = undefined
  nextCursor.value = undefined
  listError.value = undefined
  isLoading.value = false
}

// Each view is loaded anew, and so is the list after each sign-in.
effect(() => {
  if (status.value !== 'signed-in') return forgetList()
  void filters.value
  void sort.value
  void reload()
})
